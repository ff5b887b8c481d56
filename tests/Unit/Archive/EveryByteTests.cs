using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Keys;
using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Engine.Compaction;
using Backup.Engine.Verify;
using Backup.Tests.Unit.ChangeLog;
using Backup.Tests.Unit.Engine;

namespace Backup.Tests.Unit.Archive;

/// <summary>
/// Damage of every kind to every object of a small archive: two backups of several shards, one of a single shard, a removal, a change log
/// of two owners, and an earlier archive under the same key, whose objects are put in the place of this one's.
/// </summary>
public sealed class EveryByteTests : IAsyncLifetime
{
    private readonly TemporaryArchive temporary = new();
    private MemoryStorage intact = new();

    public async ValueTask InitializeAsync()
    {
        var archive = temporary.Create();
        var store = new DictionaryStore { Shards = 2 }.CopyOf(Samples.Store(3, steps: 2));
        var first = await TemporaryArchive.BackupAsync(archive, store);
        Samples.AddThread(store, "later", 1, new Random(2));
        await TemporaryArchive.BackupAsync(archive, store);
        await TemporaryArchive.BackupAsync(archive, new DictionaryStore { Shards = 1 }.CopyOf(store));
        await SealChain.AppendAsync(archive, RunId.New(TimeProvider.System.GetUtcNow()), TimeProvider.System, null, new([first.BackupId], "retention"), default);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(temporary.Path, "runs", first.BackupId))) File.Delete(file);
        var tracked = new TrackedStore();
        var journal = new Journal(tracked, new Random(3));
        var life = new RandomLife(tracked, new Random(3));
        await using (var log = new RunningLog(archive, journal, idleTick: TimeSpan.FromHours(1), levelOf: 0))
        {
            for (var i = 0; i < 3; i++)
            {
                life.NewThread(1);
                journal.Commit();
                await log.CatchUpAsync();
                if (i == 0) await log.RestartAsync();
            }
        }
        Assert.True((await temporary.VerifyAsync(archive, deep: true)).Ok); // also remembers the heads
        intact = MemoryStorage.OfFolder(temporary.Path);
    }

    [Fact]
    public async Task Every_flipped_byte_is_found_and_named()
    {
        var flips = 0;
        await Parallel.ForEachAsync(intact.Objects.SelectMany(o => Enumerable.Range(0, o.Value.Length).Select(i => (Name: o.Key, Offset: i))), async (at, _) =>
        {
            byte[] bytes = [.. intact.Objects[at.Name]];
            bytes[at.Offset] ^= (byte)(1 << (at.Offset % 8));
            await AssertFoundAsync(intact.With(at.Name, bytes), at.Name, at.Offset, "flipped");
            Interlocked.Increment(ref flips);
        });
        Assert.True(flips > 12000, $"{flips}");
        Assert.Empty(await DamageAsync(intact));
    }

    [Fact]
    public async Task Every_flipped_byte_of_a_derived_backup_is_found_and_named_and_loses_nothing()
    {
        using var chain = new TemporaryArchive();
        var archive = chain.Create();
        var store = new TrackedStore();
        var life = new RandomLife(store, new Random(4));
        for (var i = 0; i < 30; i++) life.NewThread(1);
        await TemporaryArchive.BackupAsync(archive, store);
        for (var i = 0; i < ChainPolicy.Settled; i++)
        {
            if (i == 1) life.Turn(store.Records.Units.Keys.First());
            await TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Incremental);
        }
        var derived = Assert.Single((await TemporaryArchive.CompactAsync(archive)).Derived);
        Assert.Equal("merged", derived.Strategy);
        var storage = MemoryStorage.OfFolder(chain.Path);
        await Parallel.ForEachAsync(storage.Objects.Where(o => o.Key.Contains(derived.BackupId!, StringComparison.Ordinal)).SelectMany(o => Enumerable.Range(0, o.Value.Length).Select(i => (Name: o.Key, Offset: i))), async (at, _) =>
        {
            byte[] bytes = [.. storage.Objects[at.Name]];
            bytes[at.Offset] ^= (byte)(1 << (at.Offset % 8));
            var damaged = await OpenedArchive.OpenAsync(storage.With(at.Name, bytes), KeyFileKey.Parse(chain.KeyContent, "key"), 3, default);
            try
            {
                var findings = (await chain.VerifyAsync(damaged, deep: true, backup: derived.BackupId)).Findings;
                Assert.Contains(findings, f => f.Object == at.Name && f.Offset <= at.Offset);
                Assert.All(findings, f => Assert.Equal(0, f.ThreadCount));
            }
            catch (DamageException damage)
            {
                Assert.Equal(at.Name, damage.ObjectName);
                Assert.StartsWith(ObjectNames.Seals, at.Name, StringComparison.Ordinal);
            }
        });
    }

    [Fact]
    public Task Every_object_cut_emptied_removed_or_extended_is_found_and_named() => Parallel.ForEachAsync(intact.Objects, async (item, _) =>
    {
        var (name, bytes) = item;
        for (var length = 0; length < bytes.Length; length += length < 90 ? 1 : 7) await AssertFoundAsync(intact.With(name, bytes[..length]), name, length, "cut");
        await AssertFoundAsync(intact.With(name, bytes[..^1]), name, bytes.Length - 1, "cut by one byte");
        await AssertFoundAsync(intact.With(name, [.. bytes, 0]), name, bytes.Length, "extended");
        await AssertFoundAsync(intact.With(name, null), name, 0, "removed");
    });

    [Fact]
    public Task Every_object_in_another_ones_place_is_found_and_named() => Parallel.ForEachAsync(intact.Objects, async (item, _) =>
    {
        // Its siblings are the others of its kind, and those of an older run are among them: older leases, results, indexes, seals.
        foreach (var (other, bytes) in intact.Objects.Where(o => o.Key != item.Key && Kind(o.Key) == Kind(item.Key)))
        {
            await AssertFoundAsync(intact.With(item.Key, bytes), item.Key, long.MaxValue, $"replaced by {other}");
            await AssertFoundAsync(intact.With(item.Key, bytes).With(other, item.Value), item.Key, long.MaxValue, $"swapped with {other}");
        }
    });

    [Fact]
    public async Task Every_object_as_it_was_in_another_archive_is_found_and_named()
    {
        // The same runs, names and key file, under another descriptor and data key: what a restored copy of the storage may hold.
        var other = new MemoryStorage();
        await OpenedArchive.CreateAsync(other, KeyFileKey.Parse(temporary.KeyContent, "key"), TimeProvider.System, default);
        var wrap = intact.Objects.Keys.Single(n => n.StartsWith(ObjectNames.Keys, StringComparison.Ordinal));
        var (otherWrap, wrapped) = other.Objects.Single(o => o.Key.StartsWith(ObjectNames.Keys, StringComparison.Ordinal));
        await AssertFoundAsync(intact.With(wrap, wrapped), wrap, 0, "another archive's");
        var descriptor = Assert.Single(await DamageAsync(intact.With(ObjectNames.Descriptor, other.Objects[ObjectNames.Descriptor])));
        Assert.Contains("'archive'", descriptor.Problem, StringComparison.Ordinal);
        // Both, and nothing else left: an empty archive that opens, but not the one that was here.
        Assert.NotEmpty(await DamageAsync(intact.With(ObjectNames.Descriptor, other.Objects[ObjectNames.Descriptor]).With(wrap, null).With(otherWrap, wrapped)));
    }

    [Fact]
    public async Task An_archive_rolled_back_is_found_by_what_was_last_seen()
    {
        var newest = intact.Objects.Keys.Last(n => n.StartsWith(ObjectNames.Seals, StringComparison.Ordinal));
        var finding = Assert.Single(await DamageAsync(intact.With(newest, null)), f => f.Object == newest);
        Assert.Contains("rolled back", finding.Problem, StringComparison.Ordinal);
        Assert.Contains("if this older state is meant, remove ", finding.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flip_in_data_names_the_threads_that_are_lost_and_only_those_are()
    {
        var (name, bytes) = intact.Objects.First(o => o.Key.EndsWith(".seg", StringComparison.Ordinal));
        byte[] flipped = [.. bytes];
        flipped[^20] ^= 1;
        var finding = Assert.Single(await DamageAsync(intact.With(name, flipped)));
        Assert.Equal(name, finding.Object);
        Assert.NotEmpty(finding.Threads);
        Assert.Equal(finding.Threads.Count, finding.ThreadCount);
    }

    public ValueTask DisposeAsync()
    {
        temporary.Dispose();
        return default;
    }

    private static string Kind(string name) =>
        !name.StartsWith(ObjectNames.Runs, StringComparison.Ordinal) && !name.StartsWith(ObjectNames.Logs, StringComparison.Ordinal) ? name.Split('/')[0] : Path.GetExtension(name) is { Length: > 0 } extension ? extension : name.Split('/')[^1].Split('-')[0];

    private async Task AssertFoundAsync(MemoryStorage damaged, string name, long offset, string how)
    {
        var findings = await DamageAsync(damaged);
        // Without any wrap left, the place of the wraps is what is named.
        Assert.True(findings.Any(f => f.Object == name && f.Offset <= offset) || (name.StartsWith(ObjectNames.Keys, StringComparison.Ordinal) && findings.Any(f => f.Object == ObjectNames.Keys))
            || (how == "removed" && name.Contains("/claim-", StringComparison.Ordinal) && findings.Any(f => f.Object.StartsWith(name[..^8], StringComparison.Ordinal))),
            $"{name} {how} at {offset}: {string.Join("; ", findings.Select(f => $"{f.Object}@{f.Offset} {f.Problem}"))}");
    }

    private async Task<IReadOnlyList<Finding>> DamageAsync(MemoryStorage storage)
    {
        try
        {
            var archive = await OpenedArchive.OpenAsync(storage, KeyFileKey.Parse(temporary.KeyContent, "key"), 3, default);
            return (await temporary.VerifyAsync(archive, deep: true)).Findings;
        }
        catch (DamageException damage)
        {
            return [new Finding { Object = damage.ObjectName, Offset = damage.Offset, Problem = damage.Problem }];
        }
    }
}
