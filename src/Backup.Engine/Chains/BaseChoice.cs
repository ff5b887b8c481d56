using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Contracts;

namespace Backup.Engine.Chains;

/// <summary>Finds what a backup builds on.</summary>
public static class BaseChoice
{
    /// <summary>The latest backup of the source, or the latest that holds everything for a differential; null for a full, and when there is none.</summary>
    /// <exception cref="BackupException">Damage: a seal, a manifest or the mark of a dead run cannot be read, so which is the latest is unknown.</exception>
    public static async Task<BackupChain?> FindAsync(OpenedArchive archive, BackupRequest request, string sourceKind, CancellationToken cancellation)
    {
        if (request.Strategy == BackupStrategyKind.Full) return null;
        var catalog = await BackupCatalog.LoadAsync(archive, cancellation);
        // After the seals: what has a mark may be taken away.
        var marks = await DeadMarks.LoadAsync(archive, cancellation);
        if (marks.Problems is [var damage, ..]) throw damage;
        await foreach (var manifest in catalog.OfSourceAsync(request.Source, cancellation))
        {
            if (manifest.Source.Kind != sourceKind) continue;
            if (request.Strategy == BackupStrategyKind.Differential && manifest.Base is not null) continue;
            var chain = await BackupChain.LoadAsync(catalog, manifest, cancellation);
            // What is derived is read through, never built on: it may go, and what it was made of stays.
            if (!chain.Members.Where(member => member.Derived is null).Append(manifest).Any(member => marks.Since.ContainsKey(member.BackupId))) return chain;
        }
        return null;
    }
}
