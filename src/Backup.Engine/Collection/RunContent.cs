using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Storage;

namespace Backup.Engine.Collection;

/// <summary>
/// What a sealed run has. A manifest that no seal names counts like the others: an owner that was frozen behind it may still seal it,
/// and then it must be whole.
/// </summary>
/// <param name="LeftOver">The objects that none of its manifests names.</param>
/// <param name="Bases">Ids of the backups its manifests build on.</param>
internal sealed record RunContent(IReadOnlyList<StoredObject> LeftOver, IReadOnlySet<string> Bases)
{
    /// <summary>Reads the run's manifests. When one is damaged, what it names cannot be known, and nothing counts as left over.</summary>
    public static async Task<RunContent> ReadAsync(OpenedArchive archive, RunId run, CancellationToken cancellation)
    {
        var objects = await archive.Storage.ListAllAsync(ObjectNames.Run(run), cancellation);
        var named = new HashSet<string>(StringComparer.Ordinal);
        var bases = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            foreach (var item in objects.Where(item => ObjectNames.IsManifest(item.Name)))
            {
                var manifest = await ManifestStore.GetAsync(archive, item.Name, cancellation);
                named.UnionWith([item.Name, manifest.Index.Object.Name, .. manifest.Segments.Select(s => s.Name), .. manifest.Working.Select(w => w.Object)]);
                if (manifest.Base is { } below) bases.Add(below.BackupId);
            }
        }
        catch (DamageException)
        {
            return new([], new HashSet<string>()); // a check reports it
        }
        return new(objects.Where(item => !named.Contains(item.Name)).ToList(), bases);
    }
}
