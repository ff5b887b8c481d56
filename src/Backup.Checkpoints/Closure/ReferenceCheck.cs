using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Closure;

/// <summary>
/// Checks that everything the checkpoints of one thread name is there: blobs, and the ancestors a DeltaChannel's state lies in.
/// LangGraph never notices a missing row (formats.md §0, 8); memory is O(rows of the thread), never their values.
/// </summary>
public sealed class ReferenceCheck
{
    private readonly Dictionary<(string Ns, string Channel, string Version), bool> blobs = []; // true: has a value
    private readonly Dictionary<(string Ns, string Id), CheckpointFacts> checkpoints = [];
    private readonly HashSet<(string Ns, string Id)> written = [];
    private readonly Dictionary<(string Ns, string Id, string Channel), string?> walked = []; // the ancestor that is missing, or null

    /// <summary>Takes a record of the thread in.</summary>
    public void Add(EncodedRecord record)
    {
        switch (record.Kind)
        {
            case RecordKind.Checkpoint:
                var facts = CheckpointFacts.Read(Checkpoint.Decode(record));
                checkpoints[(facts.Namespace, facts.CheckpointId)] = facts;
                break;
            case RecordKind.ChannelBlob:
                var blob = ChannelBlob.Decode(record);
                blobs[(blob.Namespace, blob.Channel, blob.Version)] = blob.Type != "empty";
                break;
            case RecordKind.PendingWrite:
                var reader = new RecordReader(record.Bytes.Span);
                written.Add((reader.Text(), reader.Text()));
                break;
        }
    }

    /// <summary>What is missing, in words; empty when the thread is closed.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        foreach (var checkpoint in checkpoints.Values)
        {
            foreach (var channel in checkpoint.Channels)
            {
                if (checkpoint.KeepsEmpty && channel.IsInteger && !checkpoint.Inline.Contains(channel.Channel) && !blobs.ContainsKey((checkpoint.Namespace, channel.Channel, channel.Version)))
                    problems.Add($"checkpoint {checkpoint.CheckpointId} names version {channel.Version} of channel '{channel.Channel}', which is missing");
            }
            foreach (var channel in checkpoint.Delta) CheckDelta(checkpoint, channel, problems);
            if (checkpoint.Version is > 0 and < 4 && checkpoint.ParentId is { } parent && !checkpoints.ContainsKey((checkpoint.Namespace, parent))
                && !written.Contains((checkpoint.Namespace, parent)))
                problems.Add($"checkpoint {checkpoint.CheckpointId} of format {checkpoint.Version} needs writes of its parent {parent}, which is missing");
        }
        return problems;
    }

    // The state of a delta channel lies in the writes of every ancestor up to the last one that stored a value.
    private void CheckDelta(CheckpointFacts checkpoint, string channel, List<string> problems)
    {
        var way = new HashSet<(string Ns, string Id, string Channel)>();
        string? missing = null;
        for (var at = checkpoint; ;)
        {
            var step = (at.Namespace, at.CheckpointId, channel);
            if (walked.TryGetValue(step, out missing) || HasValue(at, channel)) break;
            if (!way.Add(step)) { missing = at.CheckpointId; break; } // it is an ancestor of itself
            if (at.ParentId is not { } parent) break;
            if (!checkpoints.TryGetValue((at.Namespace, parent), out var next)) { missing = parent; break; }
            at = next;
        }
        foreach (var step in way) walked[step] = missing;
        if (missing is not null) problems.Add($"checkpoint {checkpoint.CheckpointId} needs its ancestor {missing} for channel '{channel}', which is missing or leads nowhere");
    }

    private bool HasValue(CheckpointFacts checkpoint, string channel)
    {
        foreach (var named in checkpoint.Channels)
            if (named.Channel == channel && blobs.TryGetValue((checkpoint.Namespace, channel, named.Version), out var value) && value) return true;
        return checkpoint.Inline.Contains(channel);
    }
}
