using Backup.Archive;
using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Engine.Collection;

namespace Backup.Engine.Catalog;

/// <summary>Counts what an archive holds.</summary>
internal static class ArchiveStock
{
    public static async Task<ArchiveCheckReport> TakeAsync(string name, OpenedArchive archive, VerifyReport checkedBackups, TimeProvider time, CancellationToken cancellation)
    {
        var keys = new List<string>();
        long objects = 0, bytes = 0;
        await foreach (var item in archive.Storage.ListAsync("", cancellation))
        {
            objects++;
            bytes += item.Size;
            if (item.Name.StartsWith(ObjectNames.Keys, StringComparison.Ordinal)) keys.Add(item.Name[ObjectNames.Keys.Length..]);
        }
        var inert = (await InertRuns.FindAsync(archive, cancellation)).Runs.Where(run => CollectionPlan.Rests(run, time.GetUtcNow())).ToList();
        return new()
        {
            Archive = name, ArchiveId = archive.Descriptor.ArchiveId, Location = archive.Storage.Location, Format = archive.Descriptor.Format,
            Backups = checkedBackups.Backups.Count, Objects = objects, Bytes = bytes, Keys = keys, Findings = checkedBackups.Findings,
            InertRuns = inert.Count, Inert = inert,
        };
    }
}
