using Backup.Archive.Catalog;
using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Engine.Stores;

namespace Backup.Engine.Catalog;

/// <summary>
/// Backups of several sources that belong together. They are runs and chains of their own; what makes them a vector is a seal that names
/// them once all of them are sealed, so a vector is never there in part.
/// </summary>
public sealed class CutVectors(IArchives archives, LastSeen lastSeen, TimeProvider time)
{
    /// <summary>Records a vector.</summary>
    /// <exception cref="BackupException">Usage: fewer than two sources, or two backups of one. NotFound: a backup is not sealed, or was removed. Damage.</exception>
    public async Task<CutVector> SealAsync(CutVectorRequest request, CancellationToken cancellation)
    {
        var archive = await archives.OpenAsync(request.Archive, cancellation);
        var catalog = await BackupCatalog.LoadAsync(archive, cancellation);
        var cuts = new List<VectorCut>();
        foreach (var id in request.BackupIds)
        {
            var link = catalog.Captured(id) ?? throw new BackupException(ErrorKind.NotFound, $"there is no backup '{id}' in the archive at {archive.Storage.Location}", "A vector is made of backups that are sealed: make them again.");
            var source = (await catalog.ReadManifestAsync(link, cancellation)).Source;
            cuts.Add(new(source.Name, id, source.CutTime, source.CutPosition));
        }
        if (cuts.Count < 2 || cuts.DistinctBy(c => c.Source).Count() != cuts.Count)
            throw new BackupException(ErrorKind.Usage, "a cut vector has one backup of each of at least two sources", "Name each source once.");
        var record = new CutVectorRecord(request.Begun, [.. cuts.OrderBy(c => c.Source, StringComparer.Ordinal)]);
        var appended = await SealChain.AppendAsync(archive, RunId.New(time.GetUtcNow()), time, record, cancellation);
        lastSeen.Remember(archive, await SealChain.LoadAsync(archive, CancellationToken.None));
        return Of(request.Archive, appended.Seal, catalog);
    }

    /// <summary>The vectors, oldest first.</summary>
    /// <exception cref="Backup.Contracts.DamageException">A seal is damaged or missing.</exception>
    public async Task<IReadOnlyList<CutVector>> ListAsync(string archive, CancellationToken cancellation)
    {
        var catalog = await BackupCatalog.LoadAsync(await archives.OpenAsync(archive, cancellation), cancellation);
        if (catalog.Chain.Problems is [var damage, ..]) throw damage;
        return [.. catalog.Chain.Links.Where(l => l.Seal.Vector is not null).Select(l => Of(archive, l.Seal, catalog))];
    }

    private static CutVector Of(string archive, Seal seal, BackupCatalog catalog)
    {
        var cuts = seal.Vector!.Cuts;
        return new()
        {
            VectorId = seal.Run, Archive = archive, Begun = seal.Vector.Begun, SpreadSeconds = (cuts.Max(c => c.Time) - cuts.Min(c => c.Time)).TotalSeconds,
            Cuts = [.. cuts.Select(c => new SourceCut { Source = c.Source, BackupId = c.BackupId, CutTime = c.Time, CutPosition = c.Position, Present = catalog.Captured(c.BackupId) is not null })],
        };
    }
}
