using Backup.Archive.Catalog;
using Backup.Archive.Objects;
using Backup.Contracts;

namespace Backup.Archive.Chains;

/// <summary>A backup and those it builds on, down to the one that holds everything.</summary>
public sealed class BackupChain
{
    /// <summary>More members than any policy makes; a longer chain is a loop.</summary>
    public const int MaxLength = 4096;

    private BackupChain(IReadOnlyList<BackupManifest> members) => Members = members;

    /// <summary>The manifests, newest first.</summary>
    public IReadOnlyList<BackupManifest> Members { get; }

    /// <summary>The backup the chain is of.</summary>
    public BackupManifest Newest => Members[0];

    /// <summary>The chain of a backup that builds on this one's newest.</summary>
    public BackupChain Under(BackupManifest newest) => new([newest, .. Members]);

    /// <summary>Reads the manifests that <paramref name="newest"/> builds on.</summary>
    /// <exception cref="BackupException">Damage: a base is missing, damaged, or not the one that was built on. NotFound: it was removed on purpose.</exception>
    public static async Task<BackupChain> LoadAsync(BackupCatalog catalog, BackupManifest newest, CancellationToken cancellation)
    {
        var members = new List<BackupManifest> { newest };
        while (members[^1].Base is { } named)
        {
            var child = members[^1];
            if (members.Count == MaxLength) throw new DamageException(ObjectNames.Run(new(child.BackupId)), 0, "the chain of its bases has no end");
            if (catalog.Chain.Removed.Contains(named.BackupId))
                throw new BackupException(ErrorKind.NotFound, $"backup {child.BackupId} builds on {named.BackupId}, which was removed on purpose", "Restore from another backup: 'backup list' shows them.");
            var link = catalog.Sealed.FirstOrDefault(l => l.Seal.Run == named.BackupId)
                ?? throw catalog.Chain.Problems.FirstOrDefault(p => p.ObjectName.EndsWith(named.BackupId, StringComparison.Ordinal))
                ?? new DamageException(ObjectNames.Run(new(named.BackupId)), 0, $"backup {child.BackupId} builds on backup {named.BackupId}, which is missing");
            var manifest = await catalog.ReadManifestAsync(link, cancellation);
            if (!manifest.StateRoot.AsSpan().SequenceEqual(named.StateRoot))
                throw new DamageException(link.Seal.Manifest!.Object, 0, $"it is not the state that backup {child.BackupId} builds on");
            members.Add(manifest);
        }
        return new(members);
    }
}
