using Backup.Archive.Catalog;
using Backup.Archive.Units;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Units;

namespace Backup.Tests.Unit.Engine;

/// <summary>When units go by themselves is kept in pages beside the index.</summary>
public sealed class ExpiryPageTests
{
    [Fact]
    public async Task Many_are_pages_and_a_damaged_one_is_named_and_no_obstacle_where_they_are_not_wanted()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        var soon = TimeProvider.System.GetUtcNow().AddHours(1);
        var random = new Random(1);
        var store = new DictionaryStore { Times = [] };
        for (var n = 0; n < 12_000; n++) store.Times[UnitId.Thread($"t{n:d5}")] = soon.AddMilliseconds(n);
        for (var n = 0; n < 12_000; n += 1000) Samples.AddThread(store, $"t{n:d5}", 1, random);
        Samples.AddThread(store, "stays", 1, random);
        var backup = await TemporaryArchive.BackupAsync(archive, store);
        Assert.Equal((13, 12_000), (backup.Threads, backup.Expiring));
        Assert.True((await temporary.VerifyAsync(archive, deep: true)).Ok);

        var catalog = await BackupCatalog.LoadAsync(archive, default);
        var reader = new ExpiryReader(archive, (await catalog.ReadManifestAsync(catalog.Find(backup.BackupId), default)).Expiries!);
        foreach (var (unit, at) in store.Times.Where((_, n) => n % 997 == 0 || n is 4999 or 5000 or 9999 or 10_000 or 11_999)) Assert.Equal(at, await reader.FindAsync(UnitKey.Of(unit), default));
        foreach (var id in new[] { "", "stays", "t05000x", "z" }) Assert.Null(await reader.FindAsync(UnitKey.Of(UnitId.Thread(id)), default));
        Assert.Equal(store.Times.Keys, await reader.ReadAllAsync(default).Select(e => UnitKey.Read(e.Key)).ToListAsync());

        var pages = Directory.GetFiles(Path.Combine(temporary.Path, "runs", backup.BackupId), "expiries-*").Order(StringComparer.Ordinal).ToList();
        Assert.Equal(3, pages.Count);
        File.Move(pages[0], pages[1], overwrite: true);
        Assert.All((await temporary.VerifyAsync(archive, deep: false)).Findings, f => Assert.Contains("--expiry none", f.Advice, StringComparison.Ordinal));
        Assert.Equal(2, (await temporary.VerifyAsync(archive, deep: true)).Findings.Select(f => f.Object).Where(o => o.Contains("expiries", StringComparison.Ordinal)).Distinct().Count());
        var target = new DictionaryStore();
        await Assert.ThrowsAsync<DamageException>(() => RestoreAsync(ExpiryPolicy.Keep));
        Assert.Empty(target.Units);
        var report = await RestoreAsync(ExpiryPolicy.None);
        Assert.Equal((13, true, 0), (report.Threads, report.Exact, report.Warnings.Count));

        Task<RestoreReport> RestoreAsync(ExpiryPolicy policy) => TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", Source = "prod", Target = "t", Expiry = policy });
    }

    [Fact]
    public async Task A_derived_backup_says_it_too_so_what_has_expired_is_not_brought_back_by_its_id()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        var random = new Random(1);
        var store = new DictionaryStore { Times = new() { [UnitId.Thread("gone")] = TimeProvider.System.GetUtcNow().AddHours(-1) } };
        Samples.AddThread(store, "gone", 1, random);
        Samples.AddThread(store, "stays", 1, random);
        await TemporaryArchive.BackupAsync(archive, store);
        for (var n = 0; n < 8; n++)
        {
            Samples.AddThread(store, $"t{n}", 1, random);
            await TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Incremental);
        }
        await TemporaryArchive.CompactAsync(archive);
        var derived = (await BackupCatalog.LoadAsync(archive, default)).Derived;
        Assert.NotEmpty(derived);
        foreach (var link in derived)
        {
            var target = new DictionaryStore();
            var report = await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", BackupId = link.Seal.Run, Target = "t" });
            Assert.Equal((1, false), (report.Expired, target.Units.ContainsKey(UnitId.Thread("gone"))));
        }
        Assert.True((await temporary.VerifyAsync(archive, deep: true)).Ok);
    }
}
