using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using NpgsqlTypes;

namespace Backup.Tests.StoreSuite.Support;

/// <summary>A feed of a store and what was read of it. Its slot is gone when it is disposed, whatever a test did.</summary>
internal sealed class FeedUnderTest : IAsyncDisposable
{
    private readonly PostgresUnderTest store;
    private IAsyncEnumerator<FeedEvent>? events;

    private FeedUnderTest(PostgresUnderTest store, string name, IChangeFeed feed) => (this.store, Name, Feed) = (store, name, feed);

    public string Name { get; }

    public IChangeFeed Feed { get; }

    /// <summary>Everything that was read, transaction by transaction.</summary>
    public List<LoggedTransaction> Transactions { get; } = [];

    /// <summary>The last <see cref="FeedEventKind.Reached"/>.</summary>
    public (ulong Position, DateTimeOffset Time) Reached { get; private set; }

    public static async Task<FeedUnderTest> OpenAsync(PostgresUnderTest store, ulong? after = null, string? name = null)
    {
        name ??= $"feed_{Randomness.Token(10)}";
        return new(store, name, await ((PostgresStore)store.Source).OpenFeedAsync(name, after, default));
    }

    /// <summary>Opens the same feed again, as another process would.</summary>
    public Task<FeedUnderTest> AgainAsync(ulong? after) => OpenAsync(store, after, Name);

    /// <summary>Reads until everything that is committed now was delivered.</summary>
    public async Task CatchUpAsync() => await ReadUntilAsync((ulong)await store.ScalarAsync<NpgsqlLogSequenceNumber>("SELECT pg_current_wal_flush_lsn()"));

    /// <summary>Reads until nothing below a position is outstanding.</summary>
    public async Task ReadUntilAsync(ulong position)
    {
        while (await NextAsync() is var next && (next.Kind != FeedEventKind.Reached || next.Position < position)) { }
    }

    /// <summary>Reads one event, and sees that it may stand where it stands.</summary>
    public async Task<FeedEvent> NextAsync()
    {
        events ??= Feed.ReadAsync(default).GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        var next = events.Current;
        var open = Transactions.Count > 0 && !Transactions[^1].Complete;
        switch (next.Kind)
        {
            case FeedEventKind.Begin:
                Assert.False(open);
                Assert.True(next.Position >= Feed.From && next.Position >= Reached.Position, "a commit below a position that was said to be reached");
                Assert.True(Transactions.Count == 0 || next.Position > Transactions[^1].Position);
                Transactions.Add(new(next.Position, next.Time));
                break;
            case FeedEventKind.Commit:
                Assert.True(open);
                Assert.NotEmpty(Transactions[^1].Changes);
                Transactions[^1].Complete = true;
                break;
            case FeedEventKind.Reached:
                Assert.False(open);
                Assert.True(next.Position >= Reached.Position && next.Time >= Reached.Time);
                Reached = (next.Position, next.Time);
                break;
            default:
                Assert.True(open);
                Transactions[^1].Changes.Add(LoggedChange.Copy(next));
                break;
        }
        return next;
    }

    /// <summary>What a store holds after the transactions at or above a position, when it had <paramref name="contents"/> before.</summary>
    public Contents Replay(Contents contents, ulong from = 0)
    {
        var replay = new FeedReplay(contents);
        foreach (var transaction in Transactions.Where(t => t.Position >= from)) replay.Apply(transaction);
        return replay.Contents();
    }

    public async ValueTask DisposeAsync()
    {
        if (events is not null) await events.DisposeAsync();
        await Feed.DropAsync(default);
        await Feed.DisposeAsync();
    }
}

internal sealed class LoggedTransaction(ulong position, DateTimeOffset time)
{
    public ulong Position => position;
    public DateTimeOffset Time => time;
    public List<LoggedChange> Changes { get; } = [];
    public bool Complete { get; set; }
}

/// <summary>A change with memory of its own.</summary>
internal sealed record LoggedChange(FeedEventKind Kind, UnitId Unit, byte[] Bytes, int KeyLength, bool Replaces, uint Missing, IReadOnlyList<string> MissingExtras, IReadOnlyList<RecordKind> Kinds)
{
    public static LoggedChange Copy(FeedEvent change) =>
        new(change.Kind, change.Unit, change.Record.Bytes.ToArray(), change.Record.KeyLength, change.Replaces, change.Missing, change.MissingExtras ?? [], change.Kinds ?? []);
}
