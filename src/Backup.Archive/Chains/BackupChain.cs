using Backup.Archive.Catalog;
using Backup.Archive.Objects;
using Backup.Contracts;

namespace Backup.Archive.Chains;

/// <summary>A backup and what it is read through: itself and those it builds on, down to one that holds everything, each or what supersedes it.</summary>
public sealed class BackupChain
{
    private readonly BackupCatalog catalog;

    private BackupChain(BackupCatalog catalog, BackupManifest newest, IReadOnlyList<BackupManifest> members)
    {
        this.catalog = catalog;
        Newest = newest;
        Members = members;
    }

    /// <summary>The manifests that are read, newest first; derived ones in the place of what they were made of.</summary>
    public IReadOnlyList<BackupManifest> Members { get; }

    /// <summary>The backup the chain is of, as it was captured.</summary>
    public BackupManifest Newest { get; }

    /// <summary>How many captures in a row, up to the newest, took something for unchanged without reading it.</summary>
    public int Unchecked => UncheckedOf(Members);

    /// <summary>The same for the newest of some members.</summary>
    public static int UncheckedOf(IEnumerable<BackupManifest> members)
    {
        var count = 0;
        foreach (var member in members)
        {
            count += member.Derived?.Unchecked ?? (member.Compared ? 0 : 1);
            if (member.Compared) break;
        }
        return count;
    }

    /// <summary>The chain of a backup that builds on this one's newest.</summary>
    public BackupChain Under(BackupManifest newest) => new(catalog, newest, [newest, .. Members]);

    /// <summary>The same backup, its newest <paramref name="merged"/> members replaced by what was derived from them.</summary>
    public BackupChain Through(BackupManifest derived, int merged) => new(catalog, Newest, [derived, .. Members.Skip(merged)]);

    /// <summary>Reads the manifests that <paramref name="newest"/> is read through, superseded or not.</summary>
    /// <exception cref="BackupException">Damage: a base is missing, damaged, or not the one that was built on. NotFound: it was removed on purpose.</exception>
    public static async Task<BackupChain> LoadAsync(BackupCatalog catalog, BackupManifest newest, CancellationToken cancellation) =>
        await BelowAsync(catalog, newest, await catalog.InsteadAsync(newest.BackupId, newest.StateRoot, cancellation) ?? newest, cancellation);

    /// <summary>The same, but <paramref name="newest"/> itself is read as it was captured.</summary>
    /// <exception cref="BackupException">As for <see cref="LoadAsync"/>.</exception>
    public static Task<BackupChain> LoadAsCapturedAsync(BackupCatalog catalog, BackupManifest newest, CancellationToken cancellation) => BelowAsync(catalog, newest, newest, cancellation);

    /// <summary>Reads without the derived backup that was found damaged; null when the damage is of none, and so there is no other way.</summary>
    public async Task<BackupChain?> AroundAsync(DamageException damage, CancellationToken cancellation) =>
        catalog.PassOver(damage) ? await LoadAsync(catalog, Newest, cancellation) : null;

    private static async Task<BackupChain> BelowAsync(BackupCatalog catalog, BackupManifest newest, BackupManifest first, CancellationToken cancellation)
    {
        var members = new List<BackupManifest> { first };
        var passed = new HashSet<string>(StringComparer.Ordinal) { newest.BackupId };
        while (members[^1].Base is { } named)
        {
            var child = members[^1];
            if (!passed.Add(named.BackupId)) throw new DamageException(ObjectNames.Run(new(child.BackupId)), 0, "the chain of its bases has no end");
            if (catalog.Chain.Removed.Contains(named.BackupId))
                throw new BackupException(ErrorKind.NotFound, $"backup {child.BackupId} builds on {named.BackupId}, which was removed on purpose", "Restore from another backup: 'backup list' shows them.");
            members.Add(await catalog.InsteadAsync(named.BackupId, named.StateRoot, cancellation) ?? await CapturedAsync(catalog, child, named, cancellation));
        }
        return new(catalog, newest, members);
    }

    private static async Task<BackupManifest> CapturedAsync(BackupCatalog catalog, BackupManifest child, BaseReference named, CancellationToken cancellation)
    {
        var link = catalog.Captured(named.BackupId)
            ?? throw catalog.Chain.Problems.FirstOrDefault(p => p.ObjectName.EndsWith(named.BackupId, StringComparison.Ordinal))
            ?? new DamageException(ObjectNames.Run(new(named.BackupId)), 0, $"backup {child.BackupId} builds on backup {named.BackupId}, which is missing");
        var manifest = await catalog.ReadManifestAsync(link, cancellation);
        return manifest.StateRoot.AsSpan().SequenceEqual(named.StateRoot)
            ? manifest : throw new DamageException(link.Seal.Manifest!.Object, 0, $"it is not the state that backup {child.BackupId} builds on");
    }
}
