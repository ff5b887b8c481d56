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

    private readonly string claim;

    private LogOwnership(OpenedArchive archive, string source, int epoch, string claim)
    {
        this.archive = archive;
        this.source = source;
        this.claim = claim;
        Epoch = epoch;
    }

    /// <summary>This owner's epoch.</summary>
    public int Epoch { get; }

    /// <summary>Claims the log: 1 + the highest epoch listed.</summary>
    public static async Task<LogOwnership> ClaimAsync(OpenedArchive archive, string source, string owner, TimeProvider time, CancellationToken cancellation)
    {
        var epoch = await Epochs.HighestAsync(archive, ObjectNames.LogClaims(source), cancellation) + 1;
        var claim = ObjectNames.LogClaim(source, epoch, Randomness.Token(8));
        await SealedDocument.PutAsync(archive, ObjectKind.LogClaim, claim, new LogClaim { Epoch = epoch, Owner = owner, Time = time.GetUtcNow() }, cancellation);
        return new(archive, source, epoch, claim);
    }

    /// <summary>Claims that are damaged, and epochs up to the newest whose claim is missing.</summary>
    public static async Task<IReadOnlyList<DamageException>> CheckAsync(OpenedArchive archive, string source, TickChain ticks, CancellationToken cancellation)
    {
        var problems = new List<DamageException>();
        var epochs = new HashSet<int>();
        var newest = ticks.Head?.Marker.Epoch ?? 0;
        await foreach (var item in archive.Storage.ListAsync(ObjectNames.LogClaims(source), cancellation))
        {
            var named = Epochs.Of(item.Name, ObjectNames.LogClaims(source));
            epochs.Add(named);
            try
            {
                var (claim, _) = await SealedDocument.GetAsync<LogClaim>(archive, ObjectKind.LogClaim, item.Name, cancellation);
                if (claim.Epoch != named) throw new DamageException(item.Name, 0, "it is the claim of another epoch");
                newest = Math.Max(newest, named);
            }
            catch (DamageException damage)
            {
                problems.Add(damage);
            }
        }
        problems.AddRange(Enumerable.Range(1, newest).Where(epoch => !epochs.Contains(epoch))
            .Select(epoch => new DamageException(ObjectNames.LogClaim(source, epoch, ""), 0, "the claim of this epoch is missing")));
        return problems;
    }

    /// <summary>Makes sure that nobody has come later, and that the claim is there still. Of two that claimed the same epoch at once, the one whose claim's name is last owns it.</summary>
    /// <exception cref="OwnershipLostException">Another owner has.</exception>
    /// <exception cref="BackupException">Unreachable: what is listed is not the archive that was claimed, as where a volume is not mounted any more.</exception>
    public async Task EnsureAsync(CancellationToken cancellation)
    {
        var there = false;
        await foreach (var item in archive.Storage.ListAsync(ObjectNames.LogClaims(source), cancellation))
        {
            if (string.CompareOrdinal(item.Name, claim) > 0) throw new OwnershipLostException($"the change log of '{source}' has another owner");
            there |= item.Name == claim;
        }
        if (!there)
            throw new BackupException(ErrorKind.Unreachable, $"{archive.Storage.Location} does not hold this owner's claim on the change log of '{source}' any more",
                "Nothing is written to it meanwhile. Check that the archive's volume is mounted and that nobody moved or emptied it.");
    }
}
