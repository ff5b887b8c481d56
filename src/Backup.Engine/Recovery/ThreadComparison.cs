using System.Text;
using Backup.Checkpoints.Closure;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;

namespace Backup.Engine.Recovery;

/// <summary>Compares a thread at two points, record by record, and the values at its newest checkpoints. Memory is O(records) and the two states.</summary>
internal static class ThreadComparison
{
    private static readonly (RecordKind Kind, string Name)[] Kinds = [(RecordKind.Checkpoint, "checkpoints"), (RecordKind.ChannelBlob, "blobs"), (RecordKind.PendingWrite, "writes")];

    public static async Task<ThreadDifference> RunAsync(string id, ThreadAtPoint from, ThreadAtPoint to, CancellationToken cancellation)
    {
        var (before, after) = (await RecordsAsync(from, cancellation), await RecordsAsync(to, cancellation));
        var changes = new List<(RecordChange Change, string Key, Held? Was, Held? Is)>();
        foreach (var (key, was) in before)
        {
            if (!after.TryGetValue(key, out var now)) changes.Add((RecordChange.Went, key, was, null));
            else if (now.Digest != was.Digest) changes.Add((RecordChange.Changed, key, was, now));
        }
        foreach (var (key, now) in after)
            if (!before.ContainsKey(key)) changes.Add((RecordChange.Came, key, null, now));
        var (head, then) = ((await ThreadStateReader.ReadAsync(from, id, "", from.Checkpoint, cancellation)).State, (await ThreadStateReader.ReadAsync(to, id, "", to.Checkpoint, cancellation)).State);
        return new()
        {
            ThreadId = id, From = Side(from, head, before), To = Side(to, then, after),
            Change = (from.Exists, to.Exists, changes.Count) switch { (false, _, _) => ThreadChange.Created, (_, false, _) => ThreadChange.Deleted, (_, _, 0) => ThreadChange.None, _ => ThreadChange.Changed },
            Records = [.. Kinds.Select(k => Count(k.Name, changes.Where(c => (c.Is ?? c.Was)!.Kind == k.Kind).Select(c => (c.Change, c.Was, c.Is)).ToList())).Where(c => c.Came + c.Went + c.Changed > 0)],
            Checkpoints = [.. changes.Where(c => (c.Is ?? c.Was)!.Facts is not null).Select(c => Checkpoint(c.Change, (c.Is ?? c.Was)!.Facts!))
                .OrderBy(c => c.Namespace, StringComparer.Ordinal).ThenByDescending(c => c.CheckpointId, StringComparer.Ordinal)],
            Channels = Channels(head?.Channels ?? [], then?.Channels ?? []),
            Writes = [.. changes.Where(c => (c.Is ?? c.Was)!.Channel is not null).Select(c => Write(c.Change, c.Key, (c.Is ?? c.Was)!))
                .OrderBy(w => w.Namespace, StringComparer.Ordinal).ThenByDescending(w => w.CheckpointId, StringComparer.Ordinal).ThenBy(w => w.TaskId, StringComparer.Ordinal).ThenBy(w => w.Index)],
        };
    }

    // Keys are bytes; as Latin-1 text they can be looked up, and are the same bytes again.
    private static async Task<Dictionary<string, Held>> RecordsAsync(ThreadAtPoint thread, CancellationToken cancellation)
    {
        var records = new Dictionary<string, Held>(StringComparer.Ordinal);
        await thread.ReadAsync(record => records[Encoding.Latin1.GetString(record.Key.Span)] = new(
            record.Kind, Digest256.Of(record.Bytes.Span), record.Bytes.Length,
            record.Kind == RecordKind.Checkpoint ? CheckpointFacts.Read(Backup.Checkpoints.Model.Checkpoint.Decode(record)) : null,
            record.Kind == RecordKind.PendingWrite ? PendingWrite.Decode(record).Channel : null), cancellation);
        return records;
    }

    private static ThreadSide Side(ThreadAtPoint thread, StateView? head, Dictionary<string, Held> records) => new()
    {
        BackupId = thread.Backup.BackupId, CutTime = thread.Backup.Source.CutTime, CheckpointId = head?.CheckpointId,
        Records = records.Count, RawBytes = records.Values.Sum(r => (long)r.Size),
    };

    private static RecordCounts Count(string kind, List<(RecordChange Change, Held? Was, Held? Is)> changes) => new()
    {
        Kind = kind, Came = changes.Count(c => c.Change == RecordChange.Came), Went = changes.Count(c => c.Change == RecordChange.Went), Changed = changes.Count(c => c.Change == RecordChange.Changed),
        BytesCame = changes.Sum(c => (long)(c.Is?.Size ?? 0)), BytesWent = changes.Sum(c => (long)(c.Was?.Size ?? 0)),
    };

    private static CheckpointChange Checkpoint(RecordChange change, CheckpointFacts facts) => new()
    {
        Change = change, Namespace = facts.Namespace, CheckpointId = facts.CheckpointId, Time = CheckpointTime.Read(facts.CheckpointId), Source = facts.Source, Step = facts.Step,
    };

    private static WriteChange Write(RecordChange change, string key, Held record)
    {
        var reader = new RecordReader(Encoding.Latin1.GetBytes(key));
        return new()
        {
            Change = change, Namespace = reader.Text(), CheckpointId = reader.Text(), TaskId = reader.Text(), Index = (int)reader.Signed(), Channel = record.Channel!, Size = record.Size,
        };
    }

    private static List<ChannelChange> Channels(IReadOnlyList<ChannelState> from, IReadOnlyList<ChannelState> to)
    {
        var (was, now) = (from.ToDictionary(c => c.Channel), to.ToDictionary(c => c.Channel));
        return [.. was.Keys.Union(now.Keys).Order(StringComparer.Ordinal).Select(c => new ChannelChange { Channel = c, From = was.GetValueOrDefault(c), To = now.GetValueOrDefault(c) }).Where(Differs)];
    }

    // A version alone may grow without another value; of a delta channel there is nothing else to compare.
    private static bool Differs(ChannelChange channel) =>
        channel.From is not { } from || channel.To is not { } to || (from.Place, from.Type, from.Digest) != (to.Place, to.Type, to.Digest)
        || (from.Place == ChannelPlace.Delta && from.Version != to.Version);

    private sealed record Held(RecordKind Kind, Digest256 Digest, int Size, CheckpointFacts? Facts, string? Channel);
}
