using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Archive.Index;
using Backup.Archive.Units;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.ChangeLog;
using Backup.Engine.Units;
using Backup.Tests.Unit.Engine;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Backup.Tests.Unit.ChangeLog;

/// <summary>Random lives of a store whose log is kept: at every moment, what is derived is what was there.</summary>
public sealed class PointInTimeTests : IDisposable
{
    private readonly TemporaryArchive temporary = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Every_moment_of_a_random_life_is_what_was_there(int seed)
    {
        var random = new Random(seed);
        var archive = temporary.Create();
        var store = new TrackedStore();
        var journal = new Journal(store, random);
        var life = new RandomLife(store, random);
        await using var log = new RunningLog(archive, journal);
        var holes = new List<(ulong From, ulong To)>();
        for (var round = 0; round < 12; round++)
        {
            for (var transactions = random.Next(1, 12); transactions > 0; transactions--)
            {
                for (var i = random.Next(4); i >= 0; i--) life.Step();
                if (random.Next(12) == 0) journal.Truncate(RecordKind.PendingWrite);
                journal.Commit();
                if (random.Next(3) == 0) await log.CatchUpAsync();
            }
            switch (random.Next(6))
            {
                case 0:
                    await log.RestartAsync();
                    break;
                case 1 when round is > 3 and < 10:
                    await log.CatchUpAsync();
                    var covered = journal.Position;
                    for (var i = 0; i < 3; i++) { life.Step(); journal.Commit(); }
                    journal.Lose("the slot was dropped");
                    holes.Add((covered, journal.Position));
                    await log.RestartAsync();
                    await log.CatchUpAsync();
                    break;
            }
            if (round % 2 == 0) await TemporaryArchive.BackupAsync(archive, store, strategy: (BackupStrategyKind)random.Next(3));
        }
        await log.CatchUpAsync();

        var catalog = await BackupCatalog.LoadAsync(archive, TestContext.Current.CancellationToken);
        var known = await LogCatalog.LoadAsync(archive, catalog, "prod", TestContext.Current.CancellationToken);
        Assert.Empty(known.Chain.Problems);
        Assert.Contains(known.Chain.Ticks, t => t.Count > 1);
        Assert.Equal(holes.Count, known.Gaps.Count());
        int reached = 0, refused = 0;
        foreach (var (transaction, number) in journal.Transactions.Select((t, i) => (t, i)))
        {
            var next = number + 1 < journal.Transactions.Count ? journal.Transactions[number + 1].Position : journal.Position;
            var within = transaction.Position + (ulong)random.Next((int)(next - transaction.Position));
            if (!await CheckAsync(() => LogTarget.At(within, known), transaction.After))
            {
                refused++;
                continue;
            }
            reached++;
            Assert.DoesNotContain(holes, h => transaction.Position >= h.From && transaction.Position < h.To);
        }
        Assert.True(reached > journal.Transactions.Count / 2, $"only {reached} of {journal.Transactions.Count} could be reached");
        foreach (var (from, to) in holes.Where(h => h.To > h.From)) Assert.Throws<BackupException>(() => LogTarget.At(from, known));
        for (var i = 0; i < 40; i++)
        {
            var time = journal.Transactions[0].Time + ((journal.Clock - journal.Transactions[0].Time) * random.NextDouble());
            var expected = journal.Transactions.TakeWhile(t => t.Time <= time).LastOrDefault();
            if (expected is not null && holes.Count == 0) await CheckAsync(() => LogTarget.At(time, known), expected.After);
        }

        async Task<bool> CheckAsync(Func<LogTarget> find, Dictionary<UnitId, UnitDigest> expected)
        {
            LogTarget target;
            try
            {
                target = find();
            }
            catch (BackupException error) when (error.Kind == ErrorKind.NotFound)
            {
                return false;
            }
            using (var moment = await PointInTime.DeriveAsync(archive, catalog, target, null, TimeProvider.System, TestContext.Current.CancellationToken))
            {
                Assert.Equal(expected, await ReadAsync(moment));
                Assert.Equal((expected.Count, expected.Values.Sum(d => d.Count)), (moment.Chain.Newest.Totals.Units, moment.Chain.Newest.Totals.Records));
            }
            if (expected.Count == 0) return true;
            var one = expected.Keys.ElementAt(random.Next(expected.Count));
            using var alone = await PointInTime.DeriveAsync(archive, catalog, target, [one.Id], TimeProvider.System, TestContext.Current.CancellationToken);
            Assert.Equal(expected[one], (await ReadAsync(alone))[one]);
            return true;
        }
    }

    [Fact]
    public async Task A_feed_that_cannot_be_believed_is_made_anew_and_the_gap_is_declared()
    {
        var archive = temporary.Create();
        var store = new TrackedStore();
        var random = new Random(1);
        var journal = new Journal(store, random);
        var life = new RandomLife(store, random);
        await using var log = new RunningLog(archive, journal);
        life.NewThread(2);
        journal.Commit();
        await log.CatchUpAsync();
        life.NewThread(2);
        journal.Commit();
        journal.Problem = "table checkpoints was made anew";
        journal.Tell();
        await log.CatchUpAsync();
        var catalog = await BackupCatalog.LoadAsync(archive, TestContext.Current.CancellationToken);
        var known = await LogCatalog.LoadAsync(archive, catalog, "prod", TestContext.Current.CancellationToken);
        Assert.Equal("table checkpoints was made anew", Assert.Single(known.Gaps).Reason);
        Assert.Equal(known.Chain.Head!.Marker.To, journal.Acknowledged);
    }

    [Fact]
    public async Task A_source_that_keeps_too_much_for_a_minute_is_let_go_of()
    {
        var archive = temporary.Create();
        var store = new TrackedStore();
        var random = new Random(1);
        var journal = new Journal(store, random) { Retained = 5L << 30 };
        var life = new RandomLife(store, random);
        var time = new FakeTimeProvider();
        await using var log = new RunningLog(archive, journal, time: time);
        // After a backlog it lets go of it only in its own time: what was caught up with is no gap.
        await TickAsync();
        await TickAsync();
        time.Advance(TimeSpan.FromSeconds(59));
        await TickAsync();
        await TickAsync();
        Assert.Equal(0, log.Gaps);
        time.Advance(TimeSpan.FromSeconds(2));
        await TickAsync();
        while (log.Gaps == 0) await Task.Yield();
        var known = await LogCatalog.LoadAsync(archive, await BackupCatalog.LoadAsync(archive, TestContext.Current.CancellationToken), "prod", TestContext.Current.CancellationToken);
        Assert.Contains("5120 MB of its log, more than the 4096 MB", Assert.Single(known.Gaps).Reason, StringComparison.Ordinal);

        async Task TickAsync()
        {
            life.NewThread(1);
            journal.Commit();
            await log.CatchUpAsync();
        }
    }

    [Fact]
    public async Task A_time_between_two_backups_of_an_idle_source_is_reached_from_the_older_one()
    {
        var archive = temporary.Create();
        var store = new TrackedStore();
        var random = new Random(1);
        var journal = new Journal(store, random);
        await using var log = new RunningLog(archive, journal);
        new RandomLife(store, random).NewThread(3);
        journal.Commit();
        await log.CatchUpAsync();
        var first = await TemporaryArchive.BackupAsync(archive, store);
        journal.Idle(TimeSpan.FromHours(1));
        await TemporaryArchive.BackupAsync(archive, store);
        journal.Idle(TimeSpan.FromHours(1));
        await log.CatchUpAsync();
        var catalog = await BackupCatalog.LoadAsync(archive, TestContext.Current.CancellationToken);
        var known = await LogCatalog.LoadAsync(archive, catalog, "prod", TestContext.Current.CancellationToken);
        var target = LogTarget.At(first.CutTime.AddMinutes(30), known);
        Assert.Equal(first.BackupId, target.Base.BackupId);
        using var moment = await PointInTime.DeriveAsync(archive, catalog, target, null, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal(store.Records.Digests(), await ReadAsync(moment));
        Assert.Throws<BackupException>(() => LogTarget.At(first.CutTime.AddDays(1), known));
        Assert.Throws<BackupException>(() => LogTarget.At(first.CutTime.AddMinutes(-1), known));
    }

    [Fact]
    public async Task A_moment_behind_more_ticks_than_are_read_at_once_is_what_was_there()
    {
        var archive = temporary.Create();
        var store = new TrackedStore();
        var random = new Random(7);
        var journal = new Journal(store, random);
        var life = new RandomLife(store, random);
        await using var log = new RunningLog(archive, journal, levelOf: 0);
        await TemporaryArchive.BackupAsync(archive, store);
        for (var i = 0; i < 200; i++)
        {
            life.Step();
            journal.Commit();
            await log.CatchUpAsync();
        }
        var catalog = await BackupCatalog.LoadAsync(archive, TestContext.Current.CancellationToken);
        var known = await LogCatalog.LoadAsync(archive, catalog, "prod", TestContext.Current.CancellationToken);
        foreach (var transaction in journal.Transactions.Where((_, i) => i % 60 == 59))
        {
            var target = LogTarget.At(transaction.Position, known);
            using var moment = await PointInTime.DeriveAsync(archive, catalog, target, null, TimeProvider.System, TestContext.Current.CancellationToken);
            Assert.Equal(transaction.After, await ReadAsync(moment));
            var one = transaction.After.Keys.First();
            using var alone = await PointInTime.DeriveAsync(archive, catalog, target, [one.Id, "nobody"], TimeProvider.System, TestContext.Current.CancellationToken);
            Assert.Equal(transaction.After[one], (await ReadAsync(alone))[one]);
        }
        Assert.True(LogTarget.Newest(known)!.Ticks().Sum(t => t.Parts.Count) > 100);
    }

    /// <summary>Digests of every unit, from the index and from the records themselves, which must agree.</summary>
    internal static async Task<Dictionary<UnitId, UnitDigest>> ReadAsync(PointInTime moment)
    {
        using var index = new ChainIndex(moment.Archive, moment.Chain);
        using var reader = new UnitReader(moment.Archive, moment.Chain);
        var digests = new Dictionary<UnitId, UnitDigest>();
        await foreach (var entry in index.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            var digest = new UnitDigest();
            await reader.ReadAsync([entry], new Collecting(digest), TestContext.Current.CancellationToken);
            Assert.Equal(UnitSummary.Read(entry), digest);
            digests.Add(UnitKey.Read(entry.Key), digest);
        }
        return digests;
    }

    public void Dispose() => temporary.Dispose();

    private sealed class Collecting(UnitDigest digest) : IUnitHandler
    {
        public ValueTask BeginAsync(UnitEntry unit, CancellationToken cancellation) => default;

        public ValueTask EntryAsync(int tag, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
        {
            digest.Add(new(bytes, tag));
            return default;
        }

        public ValueTask EndAsync(CancellationToken cancellation) => default;
    }
}
