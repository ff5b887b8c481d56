using System.Runtime.CompilerServices;
using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Catalog;

/// <summary>The backups of an archive, read from its seals and manifests: there is no other list.</summary>
public sealed class BackupCatalog
{
    private readonly OpenedArchive archive;
    private readonly Dictionary<string, SealLink> captured;
    private readonly ILookup<string, SealLink> derived;
    private readonly Dictionary<string, DamageException> passedOver = new(StringComparer.Ordinal);

    private BackupCatalog(OpenedArchive archive, SealChain chain)
    {
        this.archive = archive;
        Chain = chain;
        // Two owners may both have sealed a run, one of them frozen between its last look and its seal. Both are whole; the first counts.
        var present = chain.Links.Where(l => l.Seal.Manifest is not null && !chain.Removed.Contains(l.Seal.Run)).DistinctBy(l => l.Seal.Run).ToLookup(l => l.Seal.Supersedes is not null);
        Sealed = [.. present[false]];
        Derived = [.. present[true]];
        captured = Sealed.ToDictionary(l => l.Seal.Run, StringComparer.Ordinal);
        derived = Derived.ToLookup(l => l.Seal.Supersedes!.BackupId, StringComparer.Ordinal);
    }

    /// <summary>The chain of seals.</summary>
    public SealChain Chain { get; }

    /// <summary>The seals of backups that were not removed, oldest first.</summary>
    public IReadOnlyList<SealLink> Sealed { get; }

    /// <summary>The seals of derived backups that were not removed, oldest first. They are no points of their own: each may be read in place of the backup it supersedes.</summary>
    public IReadOnlyList<SealLink> Derived { get; }

    /// <summary>Why derived backups were not read, though they are there: damage that nothing was lost by.</summary>
    public IReadOnlyCollection<DamageException> PassedOver => passedOver.Values;

    /// <summary>The seal of a backup by its whole id; null when there is none, or it was removed.</summary>
    public SealLink? Captured(string backupId) => captured.GetValueOrDefault(backupId);

    /// <summary>True when a derived backup may be read in place of this one.</summary>
    public bool IsSuperseded(string backupId) => Instead(backupId).Any();

    /// <summary>
    /// Has the derived backup that a damaged object is of not be read any more: what is read next is what it was made of. False when the
    /// object is of no derived backup, or this was said already.
    /// </summary>
    public bool PassOver(DamageException damage) =>
        ObjectNames.RunOf(damage.ObjectName) is { Value: var run } && Derived.Any(l => l.Seal.Run == run) && passedOver.TryAdd(run, damage);

    /// <summary>The derived backup that a backup is read through with the fewest layers; null when there is none. One that is damaged is passed over.</summary>
    internal async Task<BackupManifest?> InsteadAsync(string backupId, byte[] stateRoot, CancellationToken cancellation)
    {
        foreach (var link in Instead(backupId))
        {
            try
            {
                var manifest = await ReadManifestAsync(link, cancellation);
                if (manifest.Derived?.BackupId != backupId || !manifest.StateRoot.AsSpan().SequenceEqual(stateRoot))
                    throw new DamageException(link.Seal.Manifest!.Object, 0, $"it is not the state of backup {backupId}, which it was made of");
                // What was removed on purpose is not read by a way around it.
                if (manifest.Base is null || captured.ContainsKey(manifest.Base.BackupId)) return manifest;
            }
            catch (DamageException damage)
            {
                passedOver.TryAdd(link.Seal.Run, damage);
            }
        }
        return null;
    }

    private IEnumerable<SealLink> Instead(string backupId) => derived[backupId].Where(l => !passedOver.ContainsKey(l.Seal.Run)).OrderBy(l => l.Seal.Supersedes!.Layers).ThenByDescending(l => l.Seal.Sequence);

    /// <summary>Reads the chain.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <param name="anew">Read every seal again, to see that it is still what was written.</param>
    public static async Task<BackupCatalog> LoadAsync(OpenedArchive archive, CancellationToken cancellation, bool anew = false) =>
        new(archive, await SealChain.LoadAsync(archive, cancellation, anew));

    /// <summary>Finds a backup, a derived one too, by its id or the beginning of it.</summary>
    /// <exception cref="BackupException">NotFound: there is none. Usage: several begin like that. Damage: the seal is damaged.</exception>
    public SealLink Find(string idOrPrefix)
    {
        var found = Sealed.Concat(Derived).Where(l => l.Seal.Run.StartsWith(idOrPrefix, StringComparison.Ordinal)).ToList();
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
