using Backup.Archive;
using Backup.Archive.Logs;
using Backup.Archive.Units;
using Backup.Checkpoints.Closure;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Units;

namespace Backup.Engine.ChangeLog;

/// <summary>
/// Finds when a checkpoint of a thread was decided: the first commit behind the one it came with that added a resume value or a child to it,
/// or to a checkpoint it ran under.
/// </summary>
internal sealed class CheckpointDecision(OpenedArchive archive, string thread, CheckpointFacts checkpoint)
{
    private readonly byte[] unit = UnitKey.Of(UnitId.Thread(thread));
    private readonly HashSet<(string Ns, string Id)> path = [(checkpoint.Namespace, checkpoint.CheckpointId), .. checkpoint.Parents.Where(p => p.Key != checkpoint.Namespace).Select(p => (p.Key, p.Value))];
    private readonly List<ulong> decisions = [];
    private ulong came;

    /// <summary>Position of that commit; null when a stretch of the log has none.</summary>
    /// <exception cref="DamageException">A part of a tick is not what was written.</exception>
    public async Task<ulong?> FindAsync(Coverage stretch, CancellationToken cancellation)
    {
        // Parts follow one another in time: no later one has an earlier commit.
        foreach (var part in stretch.Ticks.SelectMany(t => t.Marker.Parts))
        {
            await using var cursor = new UnitCursor(archive, part, cancellation);
            while (await cursor.MoveAsync(cancellation))
            {
                var order = cursor.Current.Key.AsSpan().SequenceCompareTo(unit);
                if (order == 0) await cursor.ReadAsync(Look, cancellation);
                if (order >= 0) break;
            }
            if (decisions.Where(d => d > came).Select(d => (ulong?)d).Min() is { } first) return first;
        }
        return null;
    }

    private ValueTask Look(int keyLength, ReadOnlyMemory<byte> bytes)
    {
        var change = ChangeEntry.Read(keyLength, bytes);
        if (change.Operation == ChangeOperation.Deleted) return default;
        if (change.Record.Kind == RecordKind.PendingWrite)
        {
            var write = PendingWrite.Decode(change.Record);
            if (write.Channel == SpecialChannels.Resume && path.Contains((write.Namespace, write.CheckpointId))) decisions.Add(change.Position);
        }
        else if (change is { Record.Kind: RecordKind.Checkpoint, Operation: ChangeOperation.Added })
        {
            var other = Checkpoint.Decode(change.Record);
            if ((other.Namespace, other.CheckpointId) == (checkpoint.Namespace, checkpoint.CheckpointId)) came = change.Position;
            else if (other.ParentId is { } parent && path.Contains((other.Namespace, parent))) decisions.Add(change.Position);
        }
        return default;
    }
}
