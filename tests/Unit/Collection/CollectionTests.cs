using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Keys;
using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Engine.Capture;
using Backup.Engine.Collection;
using Backup.Storage;
using Backup.Tests.Unit.Engine;
using Microsoft.Extensions.Time.Testing;

namespace Backup.Tests.Unit.Collection;

/// <summary>What a collection takes away, when, and what it leaves alone.</summary>
public sealed class CollectionTests : IAsyncLifetime
{
    private readonly TemporaryArchive temporary = new();
    private readonly FakeTimeProvider clock = new(new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly DictionaryStore store = Samples.Store(3);
    private MemoryStorage storage = null!;
    private OpenedArchive archive = null!;
    private string backup = "";

    public async ValueTask InitializeAsync()
    {
        storage = new() { Clock = clock };
        archive = await OpenedArchive.CreateAsync(storage, KeyFileKey.Parse(temporary.KeyContent, "key"), TimeProvider.System, default);
        backup = (await TemporaryArchive.BackupAsync(archive, store)).BackupId;
    }

    [Fact]
    public async Task A_dead_run_is_marked_when_it_is_old_and_swept_when_its_mark_is()
    {
        var dead = await DieAsync();
        var (objects, bytes) = SizeOf(dead);
        Assert.True(objects > 3);
        // Alive, as far as anybody knows; then silent, but not for long.
        Assert.Empty((await CollectAsync()).Waiting);
        Hours(1);
        var waiting = Assert.Single((await CollectAsync()).Waiting);
        Assert.Equal((dead.Value, InertKind.Unsealed, objects, bytes, clock.GetUtcNow().AddHours(23)), (waiting.RunId, waiting.Kind, waiting.Objects, waiting.Bytes, waiting.Until));

        Hours(23);
        var first = await CollectAsync();
        Assert.Equal((1, 0, 0), (first.Marked.Count, first.Swept.Count, first.Waiting.Count));
        Assert.Equal(objects, SizeOf(dead).Objects);
        Hours(23);
        waiting = Assert.Single((await CollectAsync()).Waiting);
        Assert.Equal((InertKind.Marked, clock.GetUtcNow().AddHours(1)), (waiting.Kind, waiting.Until));

        Hours(1);
        var dry = await CollectAsync(dryRun: true);
        Assert.Equal((true, objects, bytes, objects), (dry.DryRun, dry.Objects, dry.Bytes, SizeOf(dead).Objects));
        var last = await CollectAsync();
        Assert.Equal((objects, bytes, 0), (last.Objects, last.Bytes, SizeOf(dead).Objects));
        Assert.Equal(dead.Value, Assert.Single(last.Swept).RunId);

        var after = await CollectAsync();
        Assert.Equal(0, after.Marked.Count + after.Swept.Count + after.Waiting.Count);
        await AssertWholeAsync();
        // And nobody can take the run up again.
        Assert.Equal(ErrorKind.Conflict, (await Assert.ThrowsAsync<BackupException>(() => RunLease.ClaimAsync(archive, dead, "thawed", TimeProvider.System, default))).Kind);
    }

    [Fact]
    public async Task An_owner_of_a_marked_or_removed_run_cannot_seal_it()
    {
        var lease = await RunLease.ClaimAsync(archive, NewRun(), "frozen", TimeProvider.System, default);
        Hours(25);
        await CollectAsync();
        Assert.Equal(ErrorKind.Conflict, (await Assert.ThrowsAsync<BackupException>(() => lease.EnsureOwnedAsync(default))).Kind);
        Hours(25);
        Assert.Single((await CollectAsync()).Swept);
        // Behind its last look at the marks the chain of seals stops it.
        var catalog = await BackupCatalog.LoadAsync(archive, default);
        Assert.Equal(ErrorKind.Conflict, (await Assert.ThrowsAsync<BackupException>(() =>
            SealChain.AppendAsync(archive, lease.Run, TimeProvider.System, catalog.Sealed[0].Seal.Manifest, null, default))).Kind);
        await AssertWholeAsync();
    }

    [Fact]
    public async Task What_dead_attempts_left_in_a_sealed_run_goes_and_everything_a_manifest_names_stays()
    {
        var run = new RunId(backup);
        var named = SizeOf(run);
        var catalog = await BackupCatalog.LoadAsync(archive, default);
        // Attempts at shards that died, and an owner that was frozen behind its manifest.
        await storage.PutAsync(ObjectNames.SegmentOf(ObjectNames.Shard(run, 0, "aaaaaaaa"), 0), new byte[500], default);
        await storage.PutAsync(ObjectNames.IndexOf(ObjectNames.Shard(run, 1, "bbbbbbbb")), new byte[300], default);
        var manifest = await ManifestStore.PutAsync(archive, await catalog.ReadManifestAsync(catalog.Sealed[0], default), default);
        Hours(1);
        Assert.Equal(InertKind.LeftOver, Assert.Single((await CollectAsync()).Waiting).Kind);
        Hours(24);
        var swept = Assert.Single((await CollectAsync()).Swept);
        Assert.Equal((backup, InertKind.LeftOver, 2, 800), (swept.RunId, swept.Kind, swept.Objects, swept.Bytes));
        Assert.Equal(named.Objects + 1, SizeOf(run).Objects);
        // Whose late seal makes a second whole one of it.
        await SealChain.AppendAsync(archive, run, TimeProvider.System, manifest, null, default);
        await AssertWholeAsync();
    }

    [Fact]
    public async Task A_removed_backup_is_swept_when_nobody_can_be_reading_it()
    {
        var gone = (await TemporaryArchive.BackupAsync(archive, Samples.Store(2, seed: 5), "other")).BackupId;
        Hours(30);
        await SealChain.AppendAsync(archive, NewRun(), TimeProvider.System, null, new([gone], "retention"), default);
        Assert.Equal(InertKind.Removed, Assert.Single((await CollectAsync()).Waiting).Kind);
        Hours(25);
        Assert.Equal(gone, Assert.Single((await CollectAsync()).Swept).RunId);
        Assert.Equal(0, SizeOf(new(gone)).Objects);
        await AssertWholeAsync();
    }

    [Fact]
    public async Task A_forged_or_damaged_mark_hides_and_removes_nothing_and_is_reported()
    {
        var dead = await DieAsync();
        Hours(25);
        await CollectAsync();
        var (name, mark) = storage.Objects.Single(o => o.Key.StartsWith(ObjectNames.DeadRuns, StringComparison.Ordinal));
        storage.Objects.Remove(name);
        var forged = ObjectNames.DeadMark(new(backup), "forgedxx");
        var bytes = Enumerable.Range(0, mark.Length).Select(i => Flipped(mark, i)).Append([]).Append(mark[..^1]).Append([.. mark, 0]);
        foreach (var (place, content) in bytes.Select(b => (name, b)).Append((forged, mark)).Append((forged, [])).Append((ObjectNames.DeadMark(dead, "another0"), mark)))
        {
            storage.Objects[place] = content;
            var finding = Assert.Single((await temporary.VerifyAsync(archive, deep: false)).Findings);
            Assert.Equal((place, 0), (finding.Object, finding.ThreadCount));
            // It is no evidence: the run is marked, not swept, and the backup is where it was.
            var plan = await CollectAsync(dryRun: true);
            Assert.Equal((dead.Value, 0), (Assert.Single(plan.Marked).RunId, plan.Swept.Count));
            Assert.Equal(backup, Assert.Single((await BackupCatalog.LoadAsync(archive, default)).Sealed).Seal.Run);
            // And nobody builds on what he does not know.
            await Assert.ThrowsAsync<DamageException>(() => TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Incremental));
            storage.Objects.Remove(place);
        }
        await AssertWholeAsync();
    }

    [Fact]
    public async Task A_backup_with_a_mark_is_visible_and_whole_but_not_built_on()
    {
        var next = await TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Incremental);
        Assert.Equal(backup, next.BaseId);
        await DeadMarks.PutAsync(archive, new(next.BackupId), clock.GetUtcNow(), clock, default);
        Hours(100);
        var report = await CollectAsync();
        Assert.Equal(0, report.Swept.Count + report.Waiting.Count);
        Assert.Equal(backup, (await TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Incremental)).BaseId);
        await DeadMarks.PutAsync(archive, new(backup), clock.GetUtcNow(), clock, default);
        Assert.Null((await TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Differential)).BaseId);
        await AssertWholeAsync(4);
    }

    [Fact]
    public async Task Nothing_is_collected_where_a_seal_is_damaged_missing_or_was_rolled_back()
    {
        await TemporaryArchive.BackupAsync(archive, store);
        await DieAsync();
        await CollectAsync(); // remembers the seals
        Hours(25);
        foreach (var (name, bytes) in storage.Objects.Where(o => o.Key.StartsWith(ObjectNames.Seals, StringComparison.Ordinal)).ToList())
        {
            foreach (var damaged in new[] { null, Flipped(bytes, bytes.Length / 2) })
            {
                if (damaged is null) storage.Objects.Remove(name); else storage.Objects[name] = damaged;
                var before = storage.Objects.Keys.ToList();
                Assert.Equal(name, (await Assert.ThrowsAsync<DamageException>(() => CollectAsync())).ObjectName);
                Assert.Equal(name, (await Assert.ThrowsAsync<DamageException>(() => CollectAsync(dryRun: true))).ObjectName);
                Assert.Equal(before, storage.Objects.Keys);
                storage.Objects[name] = bytes;
            }
        }
    }

    [Fact]
    public async Task Ages_are_the_storages_and_not_this_machines()
    {
        await DieAsync();
        Hours(2);
        // A machine that is a year ahead.
        var report = await new OneArchive(() => Task.FromResult(archive)).CollectAsync(temporary.LastSeen, new FakeTimeProvider(clock.GetUtcNow().AddYears(1)));
        Assert.Equal((0, 1), (report.Marked.Count, report.Waiting.Count));
    }

    [Fact]
    public async Task An_age_below_an_hour_is_refused() =>
        Assert.Equal(ErrorKind.Usage, (await Assert.ThrowsAsync<BackupException>(() => new OneArchive(() => Task.FromResult(archive)).CollectAsync(temporary.LastSeen, clock, hours: 0))).Kind);

    public ValueTask DisposeAsync()
    {
        temporary.Dispose();
        return default;
    }

    private static byte[] Flipped(byte[] bytes, int at)
    {
        byte[] copy = [.. bytes];
        copy[at] ^= 1;
        return copy;
    }

    private static RunId NewRun() => RunId.New(TimeProvider.System.GetUtcNow());

    private void Hours(int hours) => clock.Advance(TimeSpan.FromHours(hours));

    private Task<CollectReport> CollectAsync(bool dryRun = false) => new OneArchive(() => Task.FromResult(archive)).CollectAsync(temporary.LastSeen, clock, dryRun);

    // A run that captured everything and was killed before its seal.
    private async Task<RunId> DieAsync()
    {
        var (dead, seal) = ((await TemporaryArchive.BackupAsync(archive, store, "dead")).BackupId, storage.Objects.Keys.Last(name => name.StartsWith(ObjectNames.Seals, StringComparison.Ordinal)));
        storage.Objects.Remove(seal);
        return new(dead);
    }

    private (long Objects, long Bytes) SizeOf(RunId run)
    {
        var objects = storage.Objects.Where(o => o.Key.StartsWith(ObjectNames.Run(run), StringComparison.Ordinal)).ToList();
        return (objects.Count, objects.Sum(o => o.Value.Length));
    }

    private async Task AssertWholeAsync(int backups = 1)
    {
        var report = await temporary.VerifyAsync(archive, deep: true);
        Assert.Empty(report.Findings);
        Assert.Equal(backups, report.Backups.Count);
        var target = new DictionaryStore();
        await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", BackupId = backup, Target = "t" });
        Assert.Equal(store.Digests(), target.Digests());
    }
}
