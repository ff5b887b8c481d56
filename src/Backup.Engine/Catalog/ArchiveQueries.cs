using System.Runtime.CompilerServices;
using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Contracts;
using Backup.Engine.Progress;
using Backup.Engine.Restore;
using Backup.Engine.Stores;
using Backup.Engine.Verify;
using Backup.Storage;

namespace Backup.Engine.Catalog;

/// <summary>What can be asked of an archive without changing anything, by the configured names.</summary>
public sealed class ArchiveQueries(IArchives archives, ICheckpointStores stores, LastSeen lastSeen, TimeProvider time)
{
    /// <summary>Opens an archive and takes stock of it.</summary>
    public async Task<ArchiveCheckReport> CheckAsync(string archive, CancellationToken cancellation)
    {
        var opened = await archives.OpenAsync(archive, cancellation);
        var progress = new RunProgress(new() { RunId = "", Store = "", Archive = archive }, time);
        var report = await new ArchiveVerifier(opened, lastSeen, time).RunAsync(new() { Archive = archive }, null, progress, cancellation);
        return await ArchiveStock.TakeAsync(archive, opened, report, time, cancellation);
    }

    /// <summary>The sealed backups, oldest first; of one source when it is given.</summary>
    public async Task<IReadOnlyList<BackupSummary>> ListAsync(string archive, string? source, CancellationToken cancellation)
    {
        var catalog = await CatalogAsync(archive, cancellation);
        // A list with a hole in it must not look whole.
        if (catalog.Chain.Problems is [var damage, ..]) throw damage;
        var list = new List<BackupSummary>();
        foreach (var link in catalog.Sealed) list.Add(Summaries.Of(await catalog.ReadManifestAsync(link, cancellation)));
        return [.. list.Where(backup => source is null || backup.Source == source)];
    }

    /// <summary>One backup, by its id or the unique beginning of it.</summary>
    public async Task<BackupSummary> ShowAsync(string archive, string backup, CancellationToken cancellation)
    {
        var catalog = await CatalogAsync(archive, cancellation);
        return Summaries.Of(await catalog.ReadManifestAsync(catalog.Find(backup), cancellation));
    }

    /// <summary>Checks an archive.</summary>
    public async Task<VerifyReport> VerifyAsync(VerifyRequest request, RunProgress progress, CancellationToken cancellation)
    {
        var archive = await archives.OpenAsync(request.Archive, cancellation);
        await using var against = request.Against is { } store ? await stores.OpenSourceAsync(store, cancellation) : null;
        return await new ArchiveVerifier(archive, lastSeen, time).RunAsync(request, against, progress, cancellation);
    }

    /// <summary>What a restore would do.</summary>
    public async Task<RestorePlan> PlanAsync(RestoreRequest request, CancellationToken cancellation)
    {
        var archive = await ForRestoreAsync(request, cancellation);
        await using var target = await stores.OpenTargetAsync(request.Target, cancellation);
        return await new RestoreRun(archive, target, request, time).PlanAsync(cancellation);
    }

    /// <summary>Opens the archive of a restore. "The latest", and the newest at a point, of an archive that was rolled back is an older one: that is refused, while a backup named by its id is what it says.</summary>
    public async Task<OpenedArchive> ForRestoreAsync(RestoreRequest request, CancellationToken cancellation)
    {
        var archive = await archives.OpenAsync(request.Archive, cancellation);
        if (request.BackupId is null && lastSeen.Check(archive, await SealChain.LoadAsync(archive, cancellation)) is [var gone, ..]) throw gone;
        return archive;
    }

    /// <summary>The threads of the source's latest backup.</summary>
    public async IAsyncEnumerable<ThreadView> ListThreadsAsync(string archive, string source, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var opened = await archives.OpenAsync(archive, cancellation);
        var catalog = await BackupCatalog.LoadAsync(opened, cancellation);
        var chain = await BackupChain.LoadAsync(catalog, await catalog.LatestAsync(source, cancellation), cancellation);
        await foreach (var thread in new ThreadBrowser(opened, chain).ListAsync(cancellation)) yield return thread;
    }

    private async Task<BackupCatalog> CatalogAsync(string archive, CancellationToken cancellation) =>
        await BackupCatalog.LoadAsync(await archives.OpenAsync(archive, cancellation), cancellation);
}
