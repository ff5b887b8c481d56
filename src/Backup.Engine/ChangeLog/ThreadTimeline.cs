using Backup.Archive;
using Backup.Archive.Logs;
using Backup.Archive.Units;
using Backup.Checkpoints.Closure;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Units;

namespace Backup.Engine.ChangeLog;

/// <summary>A checkpoint that a log saw come.</summary>
/// <param name="Stretch">The stretch of the log.</param>
/// <param name="Checkpoint">What it is.</param>
/// <param name="Came">The commit that brought it.</param>
/// <param name="Gone">The commit that took it away; null while it stands where the stretch ends.</param>
internal sealed record LoggedCheckpoint(Coverage Stretch, CheckpointFacts Checkpoint, LogCommit Came, LogCommit? Gone);

/// <summary>Reads the checkpoints of one thread out of a log: those that came and went between two backups too.</summary>
internal sealed class ThreadTimeline
{
    private readonly OpenedArchive archive;
    private readonly byte[] unit;
    private readonly List<LoggedCheckpoint> read = [];
    private readonly Dictionary<string, LoggedCheckpoint> standing = new(StringComparer.Ordinal); // by the record's key
    private readonly List<Change> changes = [];

    private ThreadTimeline(OpenedArchive archive, string thread) => (this.archive, unit) = (archive, UnitKey.Of(UnitId.Thread(thread)));

    /// <summary>Reads them, in the order in which they came.</summary>
    /// <exception cref="DamageException">A part of a tick is not what was written.</exception>
    public static async Task<IReadOnlyList<LoggedCheckpoint>> ReadAsync(OpenedArchive archive, LogCatalog log, string thread, CancellationToken cancellation)
    {
        var timeline = new ThreadTimeline(archive, thread);
        foreach (var stretch in log.Stretches) await timeline.ReadAsync(stretch, cancellation);
        return timeline.read;
    }

    private async Task ReadAsync(Coverage stretch, CancellationToken cancellation)
    {
        var before = read.Count;
        foreach (var tick in stretch.Ticks.Select(t => t.Marker))
        {
            changes.Clear();
            changes.AddRange(tick.Truncations.Where(t => t.Kinds.Contains((int)RecordKind.Checkpoint)).Select(t => new Change(t.Position, t.Ordinal, null, null)));
            foreach (var part in tick.Parts)
            {
                await using var cursor = new UnitCursor(archive, part, cancellation);
                while (await cursor.MoveAsync(cancellation))
                {
                    var order = cursor.Current.Key.AsSpan().SequenceCompareTo(unit);
                    if (order == 0) await cursor.ReadAsync(Look, cancellation);
                    if (order >= 0) break;
                }
            }
            if (changes.Count == 0) continue;
            var times = CommitList.Decode(tick.Commits).ToDictionary(c => c.Position);
            foreach (var change in changes.OrderBy(c => c.Position).ThenBy(c => c.Ordinal)) Apply(stretch, change, times.GetValueOrDefault(change.Position, new(change.Position, tick.SourceTime)));
        }
        read.AddRange(standing.Values);
        standing.Clear();
        // They were added as they went.
        read.Sort(before, read.Count - before, Comparer<LoggedCheckpoint>.Create((a, b) => a.Came.Position.CompareTo(b.Came.Position)));
    }

    private ValueTask Look(int keyLength, ReadOnlyMemory<byte> bytes)
    {
        var change = ChangeEntry.Read(keyLength, bytes);
        if (change.Record.Kind != RecordKind.Checkpoint) return default;
        var key = Convert.ToHexString(change.Record.Key.Span);
        // What was left out had not changed: then what it is was said before, or a backup knows it.
        if (change.Operation == ChangeOperation.Deleted) changes.Add(new(change.Position, change.Ordinal, key, null));
        else if (change.IsWhole) changes.Add(new(change.Position, change.Ordinal, key, CheckpointFacts.Read(Checkpoint.Decode(change.Record))));
        return default;
    }

    // Without a key all of them went; without a checkpoint the one of the key did.
    private void Apply(Coverage stretch, Change change, LogCommit commit)
    {
        if (change is { Key: { } key, Checkpoint: { } facts })
        {
            standing[key] = standing.TryGetValue(key, out var known) ? known with { Checkpoint = facts } : new(stretch, facts, commit, null);
            return;
        }
        foreach (var gone in change.Key is { } one ? (standing.ContainsKey(one) ? [one] : Array.Empty<string>()) : [.. standing.Keys])
        {
            read.Add(standing[gone] with { Gone = commit });
            standing.Remove(gone);
        }
    }

    private sealed record Change(ulong Position, uint Ordinal, string? Key, CheckpointFacts? Checkpoint);
}
