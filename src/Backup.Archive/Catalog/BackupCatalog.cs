using System.Runtime.CompilerServices;
using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Catalog;

/// <summary>The backups of an archive, read from its seals and manifests: there is no other list.</summary>
public sealed class BackupCatalog
{
    private readonly OpenedArchive archive;

    private BackupCatalog(OpenedArchive archive, SealChain chain)
    {
        this.archive = archive;
        Chain = chain;
        // Two owners may both have sealed a run, one of them frozen between its last look and its seal. Both are whole; the first counts.
        Sealed = chain.Links.Where(l => l.Seal.Manifest is not null && !chain.Removed.Contains(l.Seal.Run)).DistinctBy(l => l.Seal.Run).ToList();
    }

    /// <summary>The chain of seals.</summary>
    public SealChain Chain { get; }

    /// <summary>The seals of backups that were not removed, oldest first.</summary>
    public IReadOnlyList<SealLink> Sealed { get; }

    /// <summary>Reads the chain.</summary>
    public static async Task<BackupCatalog> LoadAsync(OpenedArchive archive, CancellationToken cancellation) =>
        new(archive, await SealChain.LoadAsync(archive, cancellation));

    /// <summary>Finds a backup by its id or the beginning of it.</summary>
    /// <exception cref="BackupException">NotFound: there is none. Usage: several begin like that. Damage: the seal is damaged.</exception>
    public SealLink Find(string idOrPrefix)
    {
        var found = Sealed.Where(l => l.Seal.Run.StartsWith(idOrPrefix, StringComparison.Ordinal)).ToList();
        if (found.Count == 1) return found[0];
        if (found.Count > 1)
            throw new BackupException(ErrorKind.Usage, $"{found.Count} backups begin with '{idOrPrefix}'", "Give more of the id; 'backup list' shows them.");
        if (Chain.Problems.FirstOrDefault(p => p.ObjectName.Contains(idOrPrefix, StringComparison.Ordinal)) is { } damage) throw damage;
        throw new BackupException(ErrorKind.NotFound,
            Chain.Removed.Contains(idOrPrefix) ? $"backup '{idOrPrefix}' was removed on purpose" : $"there is no backup '{idOrPrefix}' in the archive at {archive.Storage.Location}",
            "'backup list' shows the backups there are.");
    }

    /// <summary>Reads the manifest a seal names and checks it against the seal.</summary>
    /// <exception cref="DamageException">It is missing or not the one that was sealed.</exception>
    public async Task<BackupManifest> ReadManifestAsync(SealLink link, CancellationToken cancellation)
    {
        var named = link.Seal.Manifest ?? throw new InvalidOperationException("this seal seals no manifest");
        var (manifest, digest) = await SealedDocument.GetAsync<BackupManifest>(archive, ObjectKind.Manifest, named.Object, cancellation);
        if (!digest.Sha256.AsSpan().SequenceEqual(named.Sha256)) throw new DamageException(named.Object, 0, $"it is not the manifest that {link.Digest.Object} seals");
        if (manifest.BackupId != link.Seal.Run) throw new DamageException(named.Object, 0, "it is the manifest of another backup");
        return manifest;
    }

    /// <summary>The latest backup of a source.</summary>
    /// <exception cref="BackupException">NotFound: there is none. Damage: a later seal or manifest cannot be read, so which is the latest is unknown.</exception>
    public async Task<BackupManifest> LatestAsync(string source, CancellationToken cancellation)
    {
        await foreach (var manifest in OfSourceAsync(source, cancellation)) return manifest;
        throw new BackupException(ErrorKind.NotFound, $"there is no backup of source '{source}' in the archive at {archive.Storage.Location}",
            $"'backup list' shows what there is; 'backup create {source}' makes one.");
    }

    /// <summary>The backups of a source, the one that was admitted last first.</summary>
    /// <exception cref="DamageException">A seal or manifest cannot be read: a list with a hole in it must not look whole.</exception>
    public async IAsyncEnumerable<BackupManifest> OfSourceAsync(string source, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (Chain.Problems.Count > 0) throw Chain.Problems[0];
        foreach (var link in Sealed.OrderByDescending(l => l.Seal.Run, StringComparer.Ordinal))
        {
            var manifest = await ReadManifestAsync(link, cancellation);
            if (manifest.Source.Name == source) yield return manifest;
        }
    }
}
