using Backup.Archive.Catalog;
using Backup.Contracts;

namespace Backup.Engine.Verify;

/// <summary>Compares what cut vectors say with the manifests of the backups they name.</summary>
internal static class VectorCheck
{
    private const string Advice = "The backups stand for themselves and can be restored; that they were made together is not proven. Restore the archive's seals from a replica.";

    public static async Task RunAsync(BackupCatalog catalog, FindingList findings, CancellationToken cancellation)
    {
        foreach (var link in catalog.Chain.Links.Where(l => l.Seal.Vector is not null))
        {
            foreach (var cut in link.Seal.Vector!.Cuts)
            {
                if (catalog.Chain.Removed.Contains(cut.BackupId)) continue;
                try
                {
                    if (catalog.Captured(cut.BackupId) is not { } backup)
                    {
                        findings.Add(link.Digest.Object, 0, $"it names backup {cut.BackupId}, which no seal makes exist", null, [], 0, Advice);
                        continue;
                    }
                    var source = (await catalog.ReadManifestAsync(backup, cancellation)).Source;
                    if ((source.Name, source.CutTime, source.CutPosition) != (cut.Source, cut.Time, cut.Position))
                        findings.Add(link.Digest.Object, 0, $"it says of backup {cut.BackupId} what its manifest does not", null, [], 0, Advice);
                }
                catch (DamageException)
                {
                    // The backup's own check names it.
                }
            }
        }
    }
}
