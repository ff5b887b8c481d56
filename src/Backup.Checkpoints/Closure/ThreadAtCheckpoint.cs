using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;

namespace Backup.Checkpoints.Closure;

/// <summary>
/// Selects the records of a thread as it was at one checkpoint: the checkpoint, its ancestors, what they name, and the child
/// namespaces that ran under them. The checkpoint's own writes and child namespaces stay only where no later decision is in them.
/// Two passes: <see cref="Learn"/> every record, <see cref="Decide"/>, then <see cref="Keeps"/>.
/// </summary>
public sealed class ThreadAtCheckpoint(string ns, string checkpointId, CheckpointWrites writes)
{
    private readonly Dictionary<(string Ns, string Id), CheckpointFacts> checkpoints = [];
    private readonly HashSet<(string Ns, string Id)> kept = [];
    private readonly HashSet<(string Ns, string Channel, string Version)> keptBlobs = [];
    private bool resumed;
    private bool keepOwnWrites;

    /// <summary>True once the thread was found to hold the checkpoint.</summary>
    public bool Found { get; private set; }

    /// <summary>First pass.</summary>
    public void Learn(EncodedRecord record)
    {
        if (record.Kind == RecordKind.Checkpoint)
        {
            var facts = CheckpointFacts.Read(Checkpoint.Decode(record));
            checkpoints[(facts.Namespace, facts.CheckpointId)] = facts;
        }
        else if (record.Kind == RecordKind.PendingWrite)
        {
            var write = PendingWrite.Decode(record);
            resumed |= write.Namespace == ns && write.CheckpointId == checkpointId && write.Channel == SpecialChannels.Resume;
        }
    }

    /// <summary>Between the passes: what belongs to the thread at the checkpoint.</summary>
    public void Decide()
    {
        Found = checkpoints.ContainsKey((ns, checkpointId));
        var hasChild = checkpoints.Values.Any(c => c.Namespace == ns && c.ParentId == checkpointId);
        keepOwnWrites = writes == CheckpointWrites.Stored || (writes == CheckpointWrites.Auto && !resumed && !hasChild);
        string? id = checkpointId;
        while (id is not null && checkpoints.TryGetValue((ns, id), out var checkpoint) && kept.Add((ns, id)))
        {
            KeepParents(checkpoint);
            id = checkpoint.ParentId;
        }
        KeepChildren();
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
                return kept.Contains(key) && (keepOwnWrites || key != (ns, checkpointId));
            default:
                return false;
        }
    }

    // A checkpoint of a subgraph is of use only under the checkpoints it ran under.
    private void KeepParents(CheckpointFacts checkpoint)
    {
        foreach (var (parentNs, parentId) in checkpoint.Parents)
        {
            string? id = parentId;
            while (parentNs != ns && id is not null && checkpoints.TryGetValue((parentNs, id), out var parent) && kept.Add((parentNs, id)))
                id = parent.ParentId;
        }
    }

    // Child namespaces name, in their metadata, the checkpoint of this namespace that they ran under.
    private void KeepChildren()
    {
        foreach (var child in checkpoints.Values)
        {
            if (child.Namespace == ns || !child.Parents.TryGetValue(ns, out var under) || kept.Contains((child.Namespace, child.CheckpointId))) continue;
            if (kept.Contains((ns, under)) && (keepOwnWrites || under != checkpointId)) kept.Add((child.Namespace, child.CheckpointId));
        }
    }
}
