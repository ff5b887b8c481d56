using Backup.Archive.Catalog;
using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Logs;

/// <summary>An owner's claim on a source's change log: the highest epoch that is listed owns it.</summary>
public sealed class LogOwnership
{
    private readonly OpenedArchive archive;
    private readonly string source;

    private LogOwnership(OpenedArchive archive, string source, int epoch)
    {
        this.archive = archive;
        this.source = source;
        Epoch = epoch;
    }

    /// <summary>This owner's epoch.</summary>
    public int Epoch { get; }

    /// <summary>Claims the log: 1 + the highest epoch listed.</summary>
    public static async Task<LogOwnership> ClaimAsync(OpenedArchive archive, string source, string owner, TimeProvider time, CancellationToken cancellation)
    {
        var epoch = await HighestAsync(archive, source, cancellation) + 1;
        await SealedDocument.PutAsync(archive, ObjectKind.LogClaim, ObjectNames.LogClaim(source, epoch, Randomness.Token(8)),
            new LogClaim { Epoch = epoch, Owner = owner, Time = time.GetUtcNow() }, cancellation);
        return new(archive, source, epoch);
    }

    /// <summary>Makes sure that nobody has come later, and that the claim is there still.</summary>
    /// <exception cref="OwnershipLostException">Another owner has.</exception>
    /// <exception cref="BackupException">Unreachable: what is listed is not the archive that was claimed, as where a volume is not mounted any more.</exception>
    public async Task EnsureAsync(CancellationToken cancellation)
    {
        var highest = await HighestAsync(archive, source, cancellation);
        if (highest > Epoch) throw new OwnershipLostException($"the change log of '{source}' has another owner");
        if (highest < Epoch)
            throw new BackupException(ErrorKind.Unreachable, $"{archive.Storage.Location} does not hold this owner's claim on the change log of '{source}' any more",
                "Nothing is written to it meanwhile. Check that the archive's volume is mounted and that nobody moved or emptied it.");
    }

    private static Task<int> HighestAsync(OpenedArchive archive, string source, CancellationToken cancellation) =>
        Epochs.HighestAsync(archive, ObjectNames.LogClaims(source), cancellation);
}
