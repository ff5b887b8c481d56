using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;

namespace Backup.Checkpoints.Closure;

/// <summary>
/// Selects the records of a thread as it was at one checkpoint: the checkpoint, its ancestors, what they name, and the namespaces
/// that ran under them. What stands on the checkpoint itself, and on those it ran under, stays only where no later decision is in it.
/// Two passes: <see cref="Learn"/> every record, <see cref="Decide"/>, then <see cref="Keeps"/>.
/// </summary>
public sealed class ThreadAtCheckpoint(string ns, string checkpointId, CheckpointWrites writes)
{
    private readonly Dictionary<(string Ns, string Id), CheckpointFacts> checkpoints = [];
    private readonly HashSet<(string Ns, string Id)> continued = []; // it has a child
    private readonly HashSet<(string Ns, string Id)> resumed = [];
    private readonly HashSet<(string Ns, string Id, string Task)> tasks = [];
    private readonly HashSet<(string Ns, string Id)> kept = [];
    private readonly HashSet<(string Ns, string Id)> bare = []; // kept without what was written on it and ran under it
    private readonly HashSet<(string Ns, string Channel, string Version)> keptBlobs = [];

    /// <summary>True once the thread was found to hold the checkpoint.</summary>
    public bool Found { get; private set; }

    /// <summary>First pass.</summary>
    public void Learn(EncodedRecord record)
    {
        if (record.Kind == RecordKind.Checkpoint)
        {
            var facts = CheckpointFacts.Read(Checkpoint.Decode(record));
            checkpoints[(facts.Namespace, facts.CheckpointId)] = facts;
            if (facts.ParentId is { } parent) continued.Add((facts.Namespace, parent));
        }
        else if (record.Kind == RecordKind.PendingWrite)
        {
            var write = PendingWrite.Decode(record);
            tasks.Add((write.Namespace, write.CheckpointId, write.TaskId));
            if (write.Channel == SpecialChannels.Resume) resumed.Add((write.Namespace, write.CheckpointId));
        }
    }

    /// <summary>Between the passes: what belongs to the thread at the checkpoint.</summary>
    public void Decide()
    {
        Found = checkpoints.TryGetValue((ns, checkpointId), out var wanted);
        if (wanted is null) return;
        List<(string Ns, string Id)> path = [(ns, checkpointId), .. wanted.Parents.Where(p => p.Key != ns).OrderByDescending(p => p.Key.Length).Select(p => (p.Key, p.Value))];
        var namespaces = path.Select(p => p.Ns).ToHashSet(StringComparer.Ordinal);
        DecideBare(path, namespaces);
        foreach (var key in path) KeepWithAncestors(key);
        // Outer namespaces first: an inner one is kept for the sake of what it ran under.
        foreach (var checkpoint in checkpoints.Values.Where(c => !namespaces.Contains(c.Namespace)).OrderBy(c => c.Namespace.Count(n => n == '|')).ToList())
            if (RanUnderKept(checkpoint)) KeepWithAncestors((checkpoint.Namespace, checkpoint.CheckpointId));
        foreach (var key in kept)
            foreach (var channel in checkpoints[key].Channels)
                keptBlobs.Add((key.Ns, channel.Channel, channel.Version));
    }

    /// <summary>Second pass: true for the records to restore.</summary>
    public bool Keeps(EncodedRecord record)
    {
        var reader = new RecordReader(record.Bytes.Span);
        switch (record.Kind)
        {
            case RecordKind.Checkpoint:
                return kept.Contains((reader.Text(), reader.Text()));
            case RecordKind.ChannelBlob:
                return keptBlobs.Contains((reader.Text(), reader.Text(), reader.Text()));
            case RecordKind.PendingWrite:
                var key = (Ns: reader.Text(), Id: reader.Text());
                return kept.Contains(key) && !bare.Contains(key);
            default:
                return false;
        }
    }

    // From the checkpoint outwards: who went on from it, or decided on it or under it, went on from all it ran under.
    private void DecideBare(List<(string Ns, string Id)> path, HashSet<string> namespaces)
    {
        if (writes == CheckpointWrites.Stored) return;
        var open = writes == CheckpointWrites.Auto;
        foreach (var key in path)
        {
            open &= !continued.Contains(key) && !resumed.Contains(key) && !ResumedUnder(key, namespaces);
            if (!open) bare.Add(key);
        }
    }

    private bool ResumedUnder((string Ns, string Id) key, HashSet<string> namespaces) => resumed.Any(r =>
        !namespaces.Contains(r.Ns) && checkpoints.TryGetValue(r, out var at) && at.Parents.TryGetValue(key.Ns, out var under) && under == key.Id);

    // The state of a DeltaChannel, and the tasks of a format before 4, lie in the writes of ancestors.
    private void KeepWithAncestors((string Ns, string Id) key)
    {
        while (checkpoints.TryGetValue(key, out var checkpoint) && kept.Add(key) && checkpoint.ParentId is { } parent) key = (key.Ns, parent);
    }

    private bool RanUnderKept(CheckpointFacts checkpoint)
    {
        var under = checkpoint.Parents.Where(p => p.Key != checkpoint.Namespace).ToList();
        if (under.Count > 0) return under.All(p => kept.Contains((p.Key, p.Value)) && !bare.Contains((p.Key, p.Value)));
        // Older checkpoints do not say it; their namespace names the task they ran for.
        var (outer, task) = Split(checkpoint.Namespace);
        return task is not null && tasks.Any(t => t.Task == task && t.Ns == outer && kept.Contains((t.Ns, t.Id)) && !bare.Contains((t.Ns, t.Id)));
    }

    private static (string Outer, string? Task) Split(string inner)
    {
        var segment = inner.LastIndexOf('|');
        var task = inner.LastIndexOf(':');
        return (segment < 0 ? "" : inner[..segment], task > segment ? inner[(task + 1)..] : null);
    }
}
