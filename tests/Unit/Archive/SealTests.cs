using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Keys;
using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Tests.Unit.Engine;

namespace Backup.Tests.Unit.Archive;

/// <summary>Chains of seals that a crash, a frozen owner or two runs at once leave behind.</summary>
public sealed class SealTests : IDisposable
{
    private readonly TemporaryArchive temporary = new();

    [Fact]
    public async Task A_run_sealed_by_two_owners_is_one_backup()
    {
        var archive = temporary.Create();
        var store = Samples.Store(5);
        var summary = await TemporaryArchive.BackupAsync(archive, store);
        var run = new RunId(summary.BackupId);
        var first = (await BackupCatalog.LoadAsync(archive, default)).Find(summary.BackupId);
        // The other owner wrote a manifest of its own before it froze, and seals it when it thaws.
        var manifest = await (await BackupCatalog.LoadAsync(archive, default)).ReadManifestAsync(first, default);
        await SealChain.AppendAsync(archive, run, TimeProvider.System, await ManifestStore.PutAsync(archive, manifest, default), null, default);

        var catalog = await BackupCatalog.LoadAsync(archive, default);
        Assert.Equal((2, 1), (catalog.Chain.Links.Count, catalog.Sealed.Count));
        Assert.Equal(first.Digest.Object, catalog.Find(summary.BackupId[..20]).Digest.Object);
        Assert.Equal(summary.BackupId, (await catalog.LatestAsync("prod", default)).BackupId);
        var report = await temporary.VerifyAsync(archive, deep: true);
        Assert.True(report.Ok);
        Assert.Equal([summary.BackupId], report.Backups);
        var target = new DictionaryStore();
        Assert.True((await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", BackupId = summary.BackupId, Target = "s" })).Exact);
        Assert.Equal(store.Digests(), target.Digests());

        await SealChain.AppendAsync(archive, RunId.New(TimeProvider.System.GetUtcNow()), TimeProvider.System, null, new([summary.BackupId], "retention"), default);
        Assert.Empty((await BackupCatalog.LoadAsync(archive, default)).Sealed);
    }

    [Fact]
    public async Task Two_runs_that_seal_at_once_fork_the_chain_and_the_next_seal_joins_it()
    {
        await TemporaryArchive.BackupAsync(temporary.Create(), Samples.Store(2));
        var before = MemoryStorage.OfFolder(temporary.Path);
        var (left, right) = (MemoryStorage.Of(before.Objects), MemoryStorage.Of(before.Objects));
        await TemporaryArchive.BackupAsync(await OpenAsync(left), Samples.Store(3));
        await TemporaryArchive.BackupAsync(await OpenAsync(right), Samples.Store(4));
        var both = MemoryStorage.Of(left.Objects.Concat(right.Objects));
        var archive = await OpenAsync(both);
        Assert.Equal(2, (await SealChain.LoadAsync(archive, default)).Heads.Count);
        Assert.True((await temporary.VerifyAsync(archive, deep: true)).Ok);

        await TemporaryArchive.BackupAsync(archive, Samples.Store(5));
        var chain = await SealChain.LoadAsync(archive, default);
        Assert.Equal((4, 1, 2, 3), (chain.Links.Count, chain.Heads.Count, chain.Links[^1].Seal.Previous.Count, chain.Links[^1].Seal.Sequence));
        // Either side of the fork taken away is missed.
        foreach (var side in chain.Links[^1].Seal.Previous)
            Assert.Contains((await temporary.VerifyAsync(await OpenAsync(both.With(side.Object, null)), deep: false)).Findings, f => f.Object == side.Object);
    }

    public void Dispose() => temporary.Dispose();

    private Task<OpenedArchive> OpenAsync(MemoryStorage storage) => OpenedArchive.OpenAsync(storage, KeyFileKey.Parse(temporary.KeyContent, "key"), 3, default);
}
