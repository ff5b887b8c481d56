using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Tests.Unit.Engine;

namespace Backup.Tests.Unit.Closure;

/// <summary>
/// A thread as LangGraph writes it, record by record, with the moment each came: supersteps, tasks, subgraphs in subgraphs, approvals, forks.
/// Knows at which moment a checkpoint was first gone on from.
/// </summary>
internal sealed class Run(int version, bool delta)
{
    private readonly Dictionary<string, int> moments = []; // record key to the commit it came with
    private readonly List<((string Ns, string Id) From, int Moment)> goneOn = [];
    private readonly Dictionary<(string Ns, string Id), int> made = [];
    private readonly Dictionary<(string Ns, string Id), string?> parents = [];
    private readonly Dictionary<(string Ns, string Id), Dictionary<string, string>> under = [];
    private readonly RecordBuffer buffer = new();
    private int moment, ids;

    public List<(byte[] Bytes, int Key)> Records { get; } = [];

    public IEnumerable<(string Ns, string Id)> Checkpoints => parents.Keys;

    public string? Head { get; private set; }

    /// <summary>The commit a record came with.</summary>
    public int Moment(EncodedRecord record) => moments[Convert.ToHexString(record.Key.Span)];

    /// <summary>The first commit since a checkpoint was made that went on from it or from one it ran under; none yet: the end of time.</summary>
    public int GoneOn((string Ns, string Id) at) =>
        goneOn.Where(g => g.Moment > made[at] && (g.From == at || under[at].Contains(new(g.From.Ns, g.From.Id)))).Select(g => g.Moment).DefaultIfEmpty(int.MaxValue).Min();

    public HashSet<(string Ns, string Id)> Ancestors((string Ns, string Id) at)
    {
        var all = new HashSet<(string, string)>();
        for (string? id = parents[at]; id is not null; id = parents[(at.Ns, id)]) all.Add((at.Ns, id));
        return all;
    }

    /// <summary>The checkpoints of a namespace's namespaces that a checkpoint names as those it ran under.</summary>
    public IReadOnlyDictionary<string, string> Under((string Ns, string Id) at) => under[at];

    /// <summary>One superstep of the root graph.</summary>
    public void Step(int choice)
    {
        if (Head is null) { Head = Checkpoint("", null, []); return; }
        switch (choice % 6)
        {
            case 0: // a fork, as updateState makes it
                var past = Ancestors(("", Head)).Select(a => a.Id).Append(Head).Order(StringComparer.Ordinal).ToList();
                Head = Checkpoint("", past[choice / 6 % past.Count], []);
                break;
            case 1 or 2: // a subgraph, two deep, with an approval
                Subgraph("", Head, choice / 6 % 3, new() { [""] = Head });
                if (choice / 18 % 4 == 0) return; // still waiting, or crashed behind the decision
                Finish("t");
                break;
            case 3: // an approval in the root graph
                Write("", Head, "asks", -3, "__interrupt__");
                if (choice / 6 % 3 == 0) return;
                Decide("", Head, "00000000-0000-0000-0000-000000000000");
                if (choice / 6 % 3 == 1) return;
                Finish("asks");
                break;
            default:
                Finish("t");
                break;
        }
    }

    private void Finish(string task)
    {
        Write("", Head!, task, 0, "messages");
        Write("", Head!, "beside", 0, "__pregel_tasks");
        Head = Checkpoint("", Head, []);
    }

    private void Subgraph(string ns, string parent, int depth, Dictionary<string, string> map)
    {
        var task = $"task-{ns.Length}-{parent}";
        var inner = ns.Length == 0 ? $"node:{task}" : $"{ns}|node:{task}";
        if (parents.Keys.Any(k => k.Ns == inner)) return; // it ran already
        var at = Checkpoint(inner, null, map);
        Write(inner, at, "gather", 0, "messages");
        at = Checkpoint(inner, at, map);
        if (depth > 0) Subgraph(inner, at, depth - 1, new(map) { [inner] = at });
        Write(inner, at, "confirm", -3, "__interrupt__");
        Write(ns, parent, task, -3, "__interrupt__");
        if (depth == 2) return; // left waiting
        Decide(inner, at, "confirm");
        foreach (var (outer, id) in map) goneOn.Add(((outer, id), moment));
        Write(inner, at, "confirm", 0, "messages");
        Checkpoint(inner, at, map);
    }

    private void Decide(string ns, string id, string task)
    {
        Write(ns, id, task, -4, "__resume__");
        goneOn.Add(((ns, id), moment));
    }

    private string Checkpoint(string ns, string? parent, Dictionary<string, string> map)
    {
        var id = $"c{++ids:d4}";
        moment++;
        var step = ids;
        if (!delta || step % 5 == 0 || parent is null)
            Put(new ChannelBlob { Namespace = ns, Channel = "messages", Version = $"{step}", Type = "json", Value = Samples.Bytes($"[{step}]") }.Encode);
        else
            Put(new ChannelBlob { Namespace = ns, Channel = "messages", Version = $"{step}", Type = "empty" }.Encode);
        Put(new Checkpoint
        {
            Namespace = ns, CheckpointId = id, ParentId = parent,
            Envelope = Samples.Bytes($$$"""{"v": {{{version}}}, "channel_versions": {"messages": {{{step}}} }}"""),
            Metadata = Samples.Bytes($$$"""{"step": {{{step}}}, "parents": {{{System.Text.Json.JsonSerializer.Serialize(map)}}}, "counters_since_delta_snapshot": {"messages": [{{{(delta ? step % 5 : 0)}}}, 0]}}"""),
        }.Encode);
        made[(ns, id)] = moment;
        parents[(ns, id)] = parent;
        under[(ns, id)] = map;
        if (parent is not null) goneOn.Add(((ns, parent), moment));
        return id;
    }

    private void Write(string ns, string id, string task, int index, string channel)
    {
        moment++;
        Put(new PendingWrite { Namespace = ns, CheckpointId = id, TaskId = task, Index = index, Channel = channel, Type = "json", Value = Samples.Bytes("1") }.Encode);
    }

    private void Put(Action<RecordBuffer> encode)
    {
        encode(buffer);
        if (moments.TryAdd(Convert.ToHexString(buffer.Record.Key.Span), moment)) Records.Add((buffer.Record.Bytes.ToArray(), buffer.Record.KeyLength));
    }
}
