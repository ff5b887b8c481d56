using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Stores;

/// <summary>A store whose commits can be followed one by one.</summary>
public interface IChangeLogSource
{
    /// <summary>
    /// Opens the feed that is named, and makes it when it is not there. One process at a time reads it: who opens it ends the one that had it.
    /// </summary>
    /// <param name="name">Name of the feed in the store, <c>[a-z0-9_]</c>, at most 63 characters: the publication and the slot have it.</param>
    /// <param name="after">Everything below this position is durable with the caller; null when nothing is.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="Backup.Contracts.BackupException">Usage: the store does not allow it, with what to change. NotFound. Unreachable.</exception>
    Task<IChangeFeed> OpenFeedAsync(string name, ulong? after, CancellationToken cancellation);

    /// <summary>The end of the store's log now: every commit that was acknowledged before the call is below.</summary>
    Task<ulong> PositionAsync(CancellationToken cancellation);
}

/// <summary>The commits of a store in the order of its log. Reading holds back the store's log until <see cref="AcknowledgeAsync"/>.</summary>
public interface IChangeFeed : IAsyncDisposable
{
    /// <summary>Every commit at or above this position is delivered.</summary>
    ulong From { get; }

    /// <summary>Why what lies between the position asked for and <see cref="From"/> cannot be had; null when nothing is missing.</summary>
    string? Gap { get; }

    /// <summary>What the store is (<see cref="CutDescription.Identity"/>), as far as it does not change with every commit.</summary>
    IReadOnlyDictionary<string, string> Identity { get; }

    /// <summary>The store's layout (<see cref="CutDescription.Layout"/>).</summary>
    string Layout { get; }

    /// <summary>
    /// The events. A transaction comes whole: its begin, its changes, its end; transactions ascend by position. Between transactions
    /// <see cref="FeedEventKind.Reached"/> comes at least each second. Memory is bounded by the largest record.
    /// </summary>
    /// <exception cref="Backup.Contracts.BackupException">Unreachable; Conflict: another process has taken the feed, or it is gone.</exception>
    IAsyncEnumerable<FeedEvent> ReadAsync(CancellationToken cancellation);

    /// <summary>
    /// Looks whether everything delivered so far is everything there was: same store, same tables, all of them published. Null, or in
    /// words what came between; then nothing delivered since the check before may be believed.
    /// </summary>
    Task<string?> CheckAsync(CancellationToken cancellation);

    /// <summary>Bytes of log the store keeps for this feed, which it could have dropped otherwise.</summary>
    Task<long> RetainedBytesAsync(CancellationToken cancellation);

    /// <summary>Everything below the position is durable with the caller: the store may forget it.</summary>
    Task AcknowledgeAsync(ulong position, CancellationToken cancellation);

    /// <summary>Takes the feed away from the store: it keeps nothing for it any more. The next one to open it begins with a gap.</summary>
    Task DropAsync(CancellationToken cancellation);
}

/// <summary>Kinds of <see cref="FeedEvent"/>.</summary>
public enum FeedEventKind
{
    /// <summary>A transaction begins: <see cref="FeedEvent.Position"/> and <see cref="FeedEvent.Time"/> of its commit.</summary>
    Begin,
    /// <summary>A record came or was replaced: <see cref="FeedEvent.Unit"/>, <see cref="FeedEvent.Record"/>, <see cref="FeedEvent.Missing"/>.</summary>
    Put,
    /// <summary>A record was deleted: <see cref="FeedEvent.Unit"/>, and of <see cref="FeedEvent.Record"/> the key alone.</summary>
    Delete,
    /// <summary>Every record of <see cref="FeedEvent.Kinds"/> in every unit was removed at once.</summary>
    Truncate,
    /// <summary>The transaction is complete.</summary>
    Commit,
    /// <summary>No commit below <see cref="FeedEvent.Position"/> is outstanding; when that was asked, the store's clock showed <see cref="FeedEvent.Time"/>.</summary>
    Reached,
}

/// <summary>One event of a feed. Its memory is valid until the next.</summary>
public readonly record struct FeedEvent(FeedEventKind Kind)
{
    /// <summary>A position in the store's log.</summary>
    public ulong Position { get; init; }
    /// <summary>A time by the store's clock.</summary>
    public DateTimeOffset Time { get; init; }
    /// <summary>Whose record it is.</summary>
    public UnitId Unit { get; init; }
    /// <summary>The record.</summary>
    public EncodedRecord Record { get; init; }
    /// <summary>True when the record was there before and this replaces it; false when it came anew.</summary>
    public bool Replaces { get; init; }
    /// <summary>
    /// Value fields the store's log left out because they did not change: bit i stands for field i behind the key in the order of
    /// docs/format.md (Records), where the record has an absent or empty one. Extras that are left out are named in <see cref="MissingExtras"/>.
    /// </summary>
    public uint Missing { get; init; }
    /// <summary>Names of extras the store's log left out, which the record lacks; null when there is none.</summary>
    public IReadOnlyList<string>? MissingExtras { get; init; }
    /// <summary>The kinds that were removed.</summary>
    public IReadOnlyList<RecordKind>? Kinds { get; init; }
}
