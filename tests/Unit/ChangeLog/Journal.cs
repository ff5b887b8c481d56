using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Tests.Unit.Engine;

namespace Backup.Tests.Unit.ChangeLog;

/// <summary>The log of a store in memory: what was done to it, transaction by transaction, and what it held after each.</summary>
internal sealed class Journal : IChangeLogSource
{
    private readonly TrackedStore store;
    private readonly Random random;
    private readonly List<FeedEvent> open = [];
    private readonly List<Transaction> transactions = [];
    private Channel<bool> told = Channel.CreateUnbounded<bool>();
    private DateTimeOffset clock = DateTimeOffset.UnixEpoch.AddYears(50);
    private ulong position = 1000;
    private ulong? lostAt;
    private string? lost;

    public Journal(TrackedStore store, Random random)
    {
        this.store = store;
        this.random = random;
        store.Changing = Record;
        store.Now = () => (LogPosition.ToText(position), clock);
    }

    /// <summary>Commits, in order.</summary>
    public IReadOnlyList<Transaction> Transactions => transactions;

    /// <summary>Where the next commit comes.</summary>
    public ulong Position => position;

    public DateTimeOffset Clock => clock;

    /// <summary>Breaks the feed the next time it is checked.</summary>
    public string? Problem { get; set; }

    public ulong Acknowledged { get; private set; }

    /// <summary>Bytes of its log that the source keeps.</summary>
    public long Retained { get; set; }

    /// <summary>Ends the transaction. Its stamp may be older than that of a commit before it.</summary>
    public void Commit()
    {
        if (open.Count == 0) return;
        lock (transactions) Add();
    }

    private void Add()
    {
        clock += TimeSpan.FromMilliseconds(random.Next(1, 500));
        var time = clock - TimeSpan.FromMilliseconds(random.Next(4) == 0 ? random.Next(1500) : 0);
        transactions.Add(new(position, time, [.. open], store.Records.Digests()));
        position += (ulong)random.Next(1, 100);
        clock += TimeSpan.FromMilliseconds(2);
        open.Clear();
    }

    private (IReadOnlyList<Transaction> News, ulong Reached, DateTimeOffset Clock) Since(ulong delivered)
    {
        lock (transactions) return (transactions.Where(t => t.Position >= delivered).ToList(), position, clock);
    }

    /// <summary>Time goes by and other databases write, nothing happens here.</summary>
    public void Idle(TimeSpan time)
    {
        lock (transactions) (clock, position) = (clock + time, position + 1000);
    }

    /// <summary>Removes every record of a kind at once.</summary>
    public void Truncate(RecordKind kind)
    {
        open.Add(new(FeedEventKind.Truncate) { Kinds = [kind] });
        foreach (var unit in store.Records.Units.Keys.ToList())
        {
            store.Records.Units[unit].RemoveAll(r => r.Bytes[0] == (byte)kind);
            if (store.Records.Units[unit].Count == 0) store.Records.Units.Remove(unit);
        }
    }

    /// <summary>Lets the feed go on to the present.</summary>
    public void Tell() => told.Writer.TryWrite(true);

    /// <summary>Takes away what the feed has not delivered yet.</summary>
    public void Lose(string why)
    {
        (lostAt, lost) = (position, why);
    }

    public Task<ulong> PositionAsync(CancellationToken cancellation) => Task.FromResult(position);

    public Task<IChangeFeed> OpenFeedAsync(string name, ulong? after, CancellationToken cancellation)
    {
        told = Channel.CreateUnbounded<bool>();
        var feed = lostAt is { } at ? new Feed(this, at, lost) : new Feed(this, after ?? position, null);
        (lostAt, lost) = (null, null);
        return Task.FromResult<IChangeFeed>(feed);
    }

    private void Record(UnitId unit, EncodedRecord record, bool deleted)
    {
        var before = store.Records.Units.GetValueOrDefault(unit)?.Find(r => r.Bytes.AsSpan(0, r.Key).SequenceEqual(record.Key.Span));
        var replaces = before is { Bytes: not null };
        var copy = new EncodedRecord(record.Bytes.ToArray(), record.KeyLength);
        var change = new FeedEvent(deleted ? FeedEventKind.Delete : FeedEventKind.Put) { Unit = unit, Record = copy, Replaces = replaces };
        // A value that stayed the same may be left out, as servers do with large ones.
        if (!deleted && replaces && record.Kind == RecordKind.ChannelBlob && random.Next(2) == 0)
        {
            var (then, now) = (ChannelBlob.Decode(new(before!.Value.Bytes, before.Value.Key)), ChannelBlob.Decode(record));
            var buffer = new RecordBuffer();
            if (then.Type == now.Type)
            {
                (now with { Type = "" }).Encode(buffer);
                change = change with { Record = new(buffer.Record.Bytes.ToArray(), buffer.Record.KeyLength), Missing = 1 };
            }
        }
        open.Add(change);
    }

    /// <summary>One commit.</summary>
    internal sealed record Transaction(ulong Position, DateTimeOffset Time, IReadOnlyList<FeedEvent> Changes, Dictionary<UnitId, UnitDigest> After);

    private sealed class Feed(Journal journal, ulong from, string? gap) : IChangeFeed
    {
        private readonly ChannelReader<bool> told = journal.told.Reader;

        public ulong From => from;

        public string? Gap => gap;

        public IReadOnlyDictionary<string, string> Identity { get; } = new Dictionary<string, string> { ["id"] = "1" };

        public string Layout => """{"tables":[]}""";

        public async IAsyncEnumerable<FeedEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
        {
            var delivered = from;
            while (true)
            {
                var (news, reached, clock) = journal.Since(delivered);
                foreach (var transaction in news)
                {
                    yield return new(FeedEventKind.Begin) { Position = transaction.Position, Time = transaction.Time };
                    foreach (var change in transaction.Changes) yield return change;
                    yield return new(FeedEventKind.Commit);
                }
                delivered = reached;
                yield return new(FeedEventKind.Reached) { Position = reached, Time = clock };
                await told.ReadAsync(cancellation);
            }
        }

        public Task<string?> CheckAsync(CancellationToken cancellation)
        {
            var problem = journal.Problem;
            journal.Problem = null;
            return Task.FromResult(problem);
        }

        public Task<long> RetainedBytesAsync(CancellationToken cancellation) => Task.FromResult(journal.Retained);

        public Task AcknowledgeAsync(ulong position, CancellationToken cancellation)
        {
            journal.Acknowledged = position;
            return Task.CompletedTask;
        }

        public Task DropAsync(CancellationToken cancellation)
        {
            journal.Lose("the feed was made anew");
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => default;
    }
}
