using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Objects;
using Backup.Contracts;

namespace Backup.Engine.Catalog;

/// <summary>Counts what an archive holds.</summary>
internal static class ArchiveStock
{
    public static async Task<ArchiveCheckReport> TakeAsync(string name, OpenedArchive archive, VerifyReport checkedBackups, TimeProvider time, CancellationToken cancellation)
    {
        var chain = await SealChain.LoadAsync(archive, cancellation);
        var sealedRuns = chain.Links.Select(link => link.Seal.Run).ToHashSet(StringComparer.Ordinal);
        var unsealed = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var keys = new List<string>();
        long objects = 0, bytes = 0;
        await foreach (var item in archive.Storage.ListAsync("", cancellation))
        {
            objects++;
            bytes += item.Size;
            if (item.Name.StartsWith(ObjectNames.Keys, StringComparison.Ordinal)) keys.Add(item.Name[ObjectNames.Keys.Length..]);
            if (ObjectNames.RunOf(item.Name) is { } run && !sealedRuns.Contains(run.Value) && unsealed.GetValueOrDefault(run.Value) < item.Created)
                unsealed[run.Value] = item.Created;
        }
        return new()
        {
            Archive = name, ArchiveId = archive.Descriptor.ArchiveId, Location = archive.Storage.Location, Format = archive.Descriptor.Format,
            Backups = checkedBackups.Backups.Count, Objects = objects, Bytes = bytes, Keys = keys, Findings = checkedBackups.Findings,
            // A run that lives renews its lease.
            InertRuns = unsealed.Values.Count(latest => time.GetUtcNow() - latest > RunLease.StaleAfter),
        };
    }
}
