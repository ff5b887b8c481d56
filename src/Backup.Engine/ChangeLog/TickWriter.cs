using Backup.Archive;
using Backup.Archive.Logs;
using Backup.Archive.Objects;
using Backup.Archive.Units;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Units;

namespace Backup.Engine.ChangeLog;

/// <summary>
/// Gathers the changes of one tick, by unit and the newest first, so that whoever looks for a unit's last state reads forward and stops. What
/// does not fit in memory goes to the archive in parts, each sorted for itself.
/// </summary>
internal sealed class TickWriter(OpenedArchive archive, string source, int epoch, TimeProvider time)
{
    private const long SpillAt = 32L << 20;
    private readonly MemoryStream buffer = new();
    private readonly List<Held> held = [];
    private readonly Dictionary<UnitId, byte[]> keys = [];
    private readonly List<LogCommit> commits = [];
    private readonly List<Truncation> truncations = [];
    private readonly List<UnitSet> parts = [];
    private LogCommit commit;
    private uint ordinal;

    /// <summary>True between the begin and the end of a transaction.</summary>
    public bool InTransaction { get; private set; }

    /// <summary>Changes so far.</summary>
    public long Changes { get; private set; }

    /// <summary>The commits so far, in order.</summary>
    public IReadOnlyList<LogCommit> Commits => commits;

    /// <summary>Takes an event of the feed in.</summary>
    public async ValueTask AddAsync(FeedEvent change, CancellationToken cancellation)
    {
        switch (change.Kind)
        {
            case FeedEventKind.Begin:
                (commit, ordinal, InTransaction) = (new(change.Position, change.Time), 0, true);
                break;
            case FeedEventKind.Put:
                Hold(change, change.Replaces ? ChangeOperation.Replaced : ChangeOperation.Added);
                break;
            case FeedEventKind.Delete:
                Hold(change, ChangeOperation.Deleted);
                break;
            case FeedEventKind.Truncate:
                truncations.Add(new(commit.Position, ordinal++, [.. change.Kinds!.Select(k => (int)k)]));
                Changes++;
                break;
            case FeedEventKind.Commit:
                commits.Add(commit);
                InTransaction = false;
                break;
        }
        if (buffer.Length > SpillAt) await SpillAsync(cancellation);
    }

    /// <summary>Writes what is left and describes the tick; the marker is the caller's to write.</summary>
    public async Task<TickMarker> CompleteAsync(Tick? before, ulong from, ulong to, DateTimeOffset sourceTime, CancellationToken cancellation)
    {
        if (held.Count > 0) await SpillAsync(cancellation);
        return new()
        {
            Source = source, Epoch = epoch, Sequence = (before?.Marker.Sequence ?? 0) + 1, Previous = before?.Digest, From = from, To = to, SourceTime = sourceTime, Closed = time.GetUtcNow(),
            Commits = CommitList.Encode(commits), Truncations = truncations, Parts = parts, Changes = Changes,
        };
    }

    private void Hold(FeedEvent change, ChangeOperation operation)
    {
        if (!keys.TryGetValue(change.Unit, out var key)) keys[change.Unit] = key = UnitKey.Of(change.Unit);
        var start = buffer.Length;
        new ChangeEntry(change.Record, operation, commit.Position, ordinal++, change.Missing, change.MissingExtras ?? []).Write(buffer);
        held.Add(new(key, held.Count, (int)start, (int)(buffer.Length - start), change.Record.KeyLength));
        Changes++;
    }

    private async Task SpillAsync(CancellationToken cancellation)
    {
        held.Sort((a, b) => a.Unit.AsSpan().SequenceCompareTo(b.Unit) is var order and not 0 ? order : b.Number.CompareTo(a.Number));
        await using var writer = new UnitWriter(archive, ObjectNames.TickData(source, epoch, Randomness.Token(8)), time);
        for (var i = 0; i < held.Count;)
        {
            var unit = held[i].Unit;
            var digest = new UnitDigest();
            writer.BeginUnit(unit);
            for (; i < held.Count && ReferenceEquals(held[i].Unit, unit); i++)
            {
                var entry = buffer.GetBuffer().AsMemory(held[i].Start, held[i].Length);
                digest.Add(new(entry, held[i].KeyLength));
                await writer.WriteAsync(held[i].KeyLength, entry, cancellation);
            }
            await writer.EndChangesAsync(UnitSummary.Of(digest), cancellation);
        }
        parts.Add(await writer.CompleteAsync(UnitSummary.Count, cancellation));
        held.Clear();
        keys.Clear();
        buffer.SetLength(0);
        if (buffer.Capacity > 2 * SpillAt) buffer.Capacity = 0;
    }

    private readonly record struct Held(byte[] Unit, int Number, int Start, int Length, int KeyLength);
}
