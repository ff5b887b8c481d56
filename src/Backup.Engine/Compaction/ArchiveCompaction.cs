using Backup.Archive.Catalog;
using Backup.Contracts;
using Backup.Engine.Progress;
using Backup.Engine.Stores;

namespace Backup.Engine.Compaction;

/// <summary>Compacts what an archive holds of a source, by the configured names.</summary>
public sealed class ArchiveCompaction(IArchives archives, LastSeen lastSeen, TimeProvider time)
{
    /// <summary>Runs to the end. Any number may run at once and stop anywhere: what was made is whole, and what was not is made by the next.</summary>
    /// <exception cref="BackupException">NotFound: there is no backup of the source. Damage: the archive's seals are not whole, or what is to be merged is damaged.</exception>
    public async Task<CompactReport> RunAsync(CompactRequest request, string owner, RunProgress progress, CancellationToken cancellation)
    {
        var archive = await archives.OpenAsync(request.Archive, cancellation);
        if (lastSeen.Check(archive, await SealChain.LoadAsync(archive, cancellation)) is [var gone, ..]) throw gone;
        var report = await new CompactionRun(archive, request, owner, time).RunAsync(progress, cancellation);
        if (report.Derived.Count > 0 && !request.DryRun) lastSeen.Remember(archive, await SealChain.LoadAsync(archive, CancellationToken.None));
        return report;
    }
}
