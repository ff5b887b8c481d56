using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Keys;
using Backup.Archive.Logs;
using Backup.Archive.Objects;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.ChangeLog;
using Backup.Tests.Unit.Engine;
using Backup.Tests.Unit.Faults;
using Xunit;

namespace Backup.Tests.Unit.ChangeLog;

/// <summary>Levels stand for the ticks they were made of, whatever happens to them.</summary>
public sealed class LevelTests : IDisposable
{
    private readonly TemporaryArchive temporary = new();
    private readonly MemoryStorage storage = new();
    private readonly TrackedStore store = new();
    private readonly Random random = new(5);

    [Fact]
    public async Task A_log_of_many_ticks_is_read_through_few_markers_and_says_the_same()
    {
        var archive = await CreateAsync();
        await KeepAsync(archive, 70, levelOf: 0);
        var levels = new LogLevels(archive, "prod", 3, TimeProvider.System);
        await FoldAsync(archive, levels);
        var (ticks, through) = (await TickChain.LoadAsync(archive, "prod", default, levels: false), await TickChain.LoadAsync(archive, "prod", default));
        Assert.InRange(through.Ticks.Count, 2, 2 * (1 + (int)Math.Ceiling(Math.Log(ticks.Ticks.Count, 3)))); // two of each height
        Assert.Equal(ticks.Ticks.Count, through.Ticks.Sum(t => t.Count));
        Assert.Equal(Name(ticks.Head!), Name(through.Head!));
        Assert.Equal(ticks.Ticks.SelectMany(t => CommitList.Decode(t.Marker.Commits)), through.Ticks.SelectMany(t => CommitList.Decode(t.Marker.Commits)));
        Assert.Equal(ticks.Ticks.Sum(t => t.Marker.Changes), through.Ticks.Sum(t => t.Marker.Changes));
        var (one, other) = (Coverage.Of(ticks)[0], Coverage.Of(through)[0]);
        Assert.Equal((one.From, one.To, one.Until), (other.From, other.To, other.Until));
        Assert.All(through.Ticks, t => Assert.InRange(t.Marker.Parts.Count, 0, 1));
        Assert.True((await temporary.VerifyAsync(archive, deep: true)).Ok);
        // Who comes next goes on behind the head.
        await KeepAsync(archive, 3, levelOf: 3);
        Assert.Single(Coverage.Of(await TickChain.LoadAsync(archive, "prod", default)));
    }

    [Fact]
    public async Task A_compaction_makes_levels_of_a_log_that_nobody_keeps()
    {
        var archive = await CreateAsync();
        await KeepAsync(archive, LogLevels.Fan + 3, levelOf: 0);
        var before = storage.Objects.Count;
        var planned = (await TemporaryArchive.CompactAsync(archive, dryRun: true)).Levels;
        Assert.NotEmpty(planned);
        Assert.Equal(before, storage.Objects.Count);
        Assert.All(planned, level => Assert.Null(level.Object));
        Assert.Equal(planned, (await TemporaryArchive.CompactAsync(archive)).Levels.Select(level => level with { Object = null }));
        Assert.Empty((await TemporaryArchive.CompactAsync(archive)).Levels);
    }

    [Fact]
    public async Task Every_flipped_byte_of_a_level_is_found_and_named_and_no_moment_is_lost()
    {
        var archive = await CreateAsync();
        await KeepAsync(archive, 4, levelOf: 0);
        var before = storage.Objects.Keys.ToHashSet();
        await new LogLevels(archive, "prod", 3, TimeProvider.System).MergeAsync([.. (await TickChain.LoadAsync(archive, "prod", default)).Ticks.Skip(1)], default);
        var made = storage.Objects.Where(o => !before.Contains(o.Key)).ToList();
        Assert.Equal(3, made.Count);
        var expected = Name((await TickChain.LoadAsync(archive, "prod", default, levels: false)).Head!);
        Assert.Equal(2, (await TickChain.LoadAsync(archive, "prod", default)).Ticks.Count);
        await Parallel.ForEachAsync(made.SelectMany(o => Enumerable.Range(0, o.Value.Length).Select(i => (o.Key, o.Value, i))), async (at, _) =>
        {
            byte[] bytes = [.. at.Value];
            bytes[at.i] ^= (byte)(1 << (at.i % 8));
            var damaged = await OpenAsync(storage.With(at.Key, bytes));
            var findings = (await temporary.VerifyAsync(damaged, deep: true)).Findings;
            Assert.Contains(findings, f => f.Object == at.Key && f.Offset <= at.i);
            Assert.All(findings, f => Assert.Equal(0, f.ThreadCount));
        });
        var gone = await OpenAsync(storage.With(made.Single(o => o.Key.StartsWith(ObjectNames.Levels("prod"), StringComparison.Ordinal)).Key, [1, 2, 3]));
        var chain = await TickChain.LoadAsync(gone, "prod", default);
        Assert.Equal(expected, Name(chain.Head!));
        Assert.All(chain.Ticks, t => Assert.Equal(1, t.Count));
        Assert.Single(chain.Problems);
    }

    [Fact]
    public async Task A_moment_is_reached_around_a_level_whose_parts_are_damaged()
    {
        var archive = await CreateAsync();
        await TemporaryArchive.BackupAsync(archive, store);
        await KeepAsync(archive, 7, levelOf: 0, backup: true);
        var before = storage.Objects.Keys.ToHashSet();
        await FoldAsync(archive, new LogLevels(archive, "prod", 3, TimeProvider.System));
        foreach (var name in storage.Objects.Keys.Where(k => !before.Contains(k) && k.EndsWith(".seg", StringComparison.Ordinal)).ToList()) storage.Objects.Remove(name);
        var target = new DictionaryStore();
        var report = await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", Source = "prod", Target = "s", At = $"{(await NewestAsync(archive)).Time:O}" });
        Assert.Equal(store.Records.Digests(), target.Digests());
        Assert.True(report.Exact);
    }

    [Theory]
    [InlineData(Fault.TornUpload)]
    [InlineData(Fault.FailedCommit)]
    [InlineData(Fault.LostAnswer)]
    [InlineData(Fault.ReadError)]
    public async Task Levels_over_a_failing_storage_change_nothing_and_can_be_made_again(Fault fault)
    {
        var archive = await CreateAsync();
        await KeepAsync(archive, 6, levelOf: 0);
        var expected = (await TickChain.LoadAsync(archive, "prod", default, levels: false)).Ticks.Select(Name).ToList();
        for (var at = 1; ; at++)
        {
            var from = MemoryStorage.Of(storage.Objects);
            var faulting = new FaultingStorage(from, fault, at);
            try
            {
                await FoldAsync(archive.Through(faulting), new LogLevels(archive.Through(faulting), "prod", 3, TimeProvider.System));
            }
            catch (BackupException)
            {
                // It was told; the next does it.
            }
            if (!faulting.Struck)
            {
                Assert.True(at > 3, $"{fault} struck {at - 1} times only");
                break;
            }
            var after = archive.Through(from);
            Assert.True((await temporary.VerifyAsync(after, deep: true)).Ok, $"{fault} at {at}");
            await FoldAsync(after, new LogLevels(after, "prod", 3, TimeProvider.System));
            Assert.Equal(expected, (await TickChain.LoadAsync(after, "prod", default, levels: false)).Ticks.Select(Name));
            var through = await TickChain.LoadAsync(after, "prod", default);
            Assert.Equal(expected.Count, through.Ticks.Sum(t => t.Count));
            Assert.True(through.Ticks.Count < expected.Count);
        }
    }

    [Fact]
    public async Task What_an_owner_who_was_fenced_out_makes_levels_of_is_not_taken()
    {
        var archive = await CreateAsync();
        await KeepAsync(archive, 5, levelOf: 0);
        var chain = await TickChain.LoadAsync(archive, "prod", default, levels: false);
        // It closed two more behind the tick that the next owner goes on from, and made a level of them and one before.
        var (shared, last) = (chain.Ticks[^1], chain.Ticks[^1]);
        var run = new List<Tick> { shared };
        for (var i = 0; i < 2; i++)
        {
            last = await TickChain.AppendAsync(archive, last.Marker with { Sequence = last.Marker.Sequence + 1, Previous = last.Digest, From = last.Marker.To, To = last.Marker.To + 5, Commits = [], Parts = [], Changes = 0 }, default);
            run.Add(last);
        }
        await TickChain.AppendAsync(archive, shared.Marker with { Epoch = shared.Marker.Epoch + 1, Sequence = shared.Marker.Sequence + 1, Previous = shared.Digest, From = shared.Marker.To, To = shared.Marker.To + 1, Commits = [], Parts = [], Changes = 0 }, default);
        await new LogLevels(archive, "prod", 3, TimeProvider.System).MergeAsync(run, default);
        var read = await TickChain.LoadAsync(archive, "prod", default);
        Assert.Equal((await TickChain.LoadAsync(archive, "prod", default, levels: false)).Ticks.Select(Name), read.Ticks.Select(Name));
        Assert.Equal(shared.Marker.To + 1, read.Head!.Marker.To);
    }

    private static string Name(Tick tick) => $"{tick.Digest.Object} {Convert.ToHexString(tick.Digest.Sha256)}";

    public void Dispose() => temporary.Dispose();

    private async Task<LogTarget> NewestAsync(OpenedArchive archive) => LogTarget.Newest(await LogCatalog.LoadAsync(archive, await BackupCatalog.LoadAsync(archive, default), "prod", default))!;

    private static async Task FoldAsync(OpenedArchive archive, LogLevels levels)
    {
        var ticks = (await TickChain.LoadAsync(archive, "prod", default)).Ticks.ToList();
        while (levels.Due(ticks) is { } start)
        {
            var (level, _) = await levels.MergeAsync(ticks.GetRange(start, levels.Of), default);
            ticks.RemoveRange(start, levels.Of);
            ticks.Insert(start, level);
        }
    }

    // So many commits, each in a tick of its own.
    private async Task KeepAsync(OpenedArchive archive, int ticks, int levelOf, bool backup = false)
    {
        journal ??= new(store, random);
        life ??= new(store, random);
        await using var log = new RunningLog(archive, journal, levelOf: levelOf);
        for (var i = 0; i < ticks; i++)
        {
            life.Step();
            journal.Commit();
            await log.CatchUpAsync();
            if (backup && i == 0) await TemporaryArchive.BackupAsync(archive, store);
        }
    }

    private Journal? journal;
    private RandomLife? life;

    private Task<OpenedArchive> CreateAsync() => OpenedArchive.CreateAsync(storage, KeyFileKey.Parse(temporary.KeyContent, "key"), TimeProvider.System, default);

    private Task<OpenedArchive> OpenAsync(MemoryStorage from) => OpenedArchive.OpenAsync(from, KeyFileKey.Parse(temporary.KeyContent, "key"), 3, default);
}
