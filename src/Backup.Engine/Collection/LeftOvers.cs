using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Storage;

namespace Backup.Engine.Collection;

/// <summary>
/// The objects of a sealed run that none of its manifests names. A manifest that no seal names counts like the others: an owner that was
/// frozen behind it may still seal it, and then it must be whole.
/// </summary>
internal static class LeftOvers
{
    /// <summary>Finds them. When a manifest is damaged, what it names cannot be known, and nothing is left over.</summary>
    public static async Task<IReadOnlyList<StoredObject>> FindAsync(OpenedArchive archive, RunId run, CancellationToken cancellation)
    {
        var objects = await archive.Storage.ListAllAsync(ObjectNames.Run(run), cancellation);
        var named = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            foreach (var item in objects.Where(item => ObjectNames.IsManifest(item.Name)))
            {
                var manifest = await ManifestStore.GetAsync(archive, item.Name, cancellation);
                named.UnionWith([item.Name, manifest.Index.Object.Name, .. manifest.Segments.Select(s => s.Name), .. manifest.Working.Select(w => w.Object)]);
            }
        }
        catch (DamageException)
        {
            return []; // a check reports it
        }
        return objects.Where(item => !named.Contains(item.Name)).ToList();
    }
}
