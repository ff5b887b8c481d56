using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Archive.Objects;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Units;
using Backup.Storage;

namespace Backup.Engine.Restore;

/// <summary>
/// Tells whether a unit stands in a target as an earlier backup of the same source has it: then it came from there, and nothing is lost by
/// replacing it. Backups are opened, the newest first, as far back as they are needed, and stay open.
/// </summary>
internal sealed class EarlierStates(OpenedArchive archive, BackupCatalog catalog, BackupManifest backup) : IAsyncDisposable
{
    private readonly List<ChainIndex> opened = [];
    private IAsyncEnumerator<BackupManifest>? more;

    /// <summary>True when an earlier backup has exactly this content of the unit.</summary>
    public async ValueTask<bool> HoldAsync(UnitId unit, UnitDigest present, CancellationToken cancellation)
    {
        for (var number = 0; number < opened.Count || await OpenAsync(cancellation); number++)
            if (await opened[number].FindAsync(UnitKey.Of(unit), cancellation) is { } entry && UnitSummary.Read(entry).Equals(present)) return true;
        return false;
    }

    /// <summary>The error for what no earlier backup has.</summary>
    public static BackupException Foreign(string target, long count, IReadOnlyCollection<string> units) => new(ErrorKind.Conflict,
        $"{count} of the threads in '{target}' are not as any backup of this source has them: {string.Join(", ", units.Take(5).Select(t => $"'{t}'"))}{(count > 5 ? " …" : "")}",
        "Nothing was changed. They were written there by others: by apps, where the target has taken over already. Only if none of that is needed, empty the target and run the same command again.");

    public async ValueTask DisposeAsync()
    {
        foreach (var index in opened) index.Dispose();
        if (more is not null) await more.DisposeAsync();
    }

    private async ValueTask<bool> OpenAsync(CancellationToken cancellation)
    {
        more ??= catalog.OfSourceAsync(backup.Source.Name, CancellationToken.None).GetAsyncEnumerator(CancellationToken.None);
        while (await more.MoveNextAsync())
        {
            cancellation.ThrowIfCancellationRequested();
            if (string.CompareOrdinal(more.Current.BackupId, backup.BackupId) >= 0) continue;
            try
            {
                opened.Add(new(archive, await BackupChain.LoadAsync(catalog, more.Current, cancellation)));
                return true;
            }
            catch (BackupException error) when (error is { Kind: ErrorKind.NotFound } and not ObjectNotFoundException)
            {
                // What it builds on was removed on purpose.
            }
        }
        return false;
    }
}
