using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;
using Backup.Storage;

namespace Backup.Archive.Catalog;

/// <summary>
/// An owner's claim on a run. Each claim takes the next epoch; the highest epoch listed owns the run, and only an owner whose
/// lease is fresh may seal. A run without a fresh lease is abandoned.
/// </summary>
public sealed class RunLease
{
    /// <summary>How old the newest lease of a live run may be, by the storage's clock.</summary>
    public static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(10);
    /// <summary>How often an owner shows that it lives.</summary>
    public static readonly TimeSpan RenewEvery = TimeSpan.FromMinutes(1);
    private readonly OpenedArchive archive;
    private readonly string owner;
    private readonly TimeProvider time;
    private int number;
    private long renewed;

    private RunLease(OpenedArchive archive, RunId run, int epoch, string owner, TimeProvider time)
    {
        this.archive = archive;
        Run = run;
        Epoch = epoch;
        this.owner = owner;
        this.time = time;
    }

    /// <summary>The run.</summary>
    public RunId Run { get; }

    /// <summary>This owner's epoch.</summary>
    public int Epoch { get; }

    /// <summary>Claims the run: 1 + the highest epoch listed.</summary>
    /// <exception cref="BackupException">Conflict: the run was declared dead.</exception>
    public static async Task<RunLease> ClaimAsync(OpenedArchive archive, RunId run, string owner, TimeProvider time, CancellationToken cancellation)
    {
        if (await DeadMarks.AnyAsync(archive, run, cancellation)) throw Lost(run, "it was declared dead");
        var lease = new RunLease(archive, run, await HighestEpochAsync(archive, run, cancellation) + 1, owner, time);
        await lease.WriteAsync(cancellation);
        return lease;
    }

    /// <summary>Does <paramref name="work"/> while showing every minute that the owner lives.</summary>
    public async Task<T> KeepAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var renewing = RenewAsync(stop.Token);
        try
        {
            var working = work(stop.Token);
            if (await Task.WhenAny(working, renewing) == renewing) await stop.CancelAsync();
            return await working;
        }
        finally
        {
            await stop.CancelAsync();
            try { await renewing; }
            catch (OperationCanceledException) { /* the work is done */ }
        }
    }

    /// <summary>Makes sure that this owner may still seal.</summary>
    /// <exception cref="OwnershipLostException">Another owner has taken over.</exception>
    /// <exception cref="BackupException">Conflict: the run was declared dead, or this owner was silent for too long.</exception>
    public async Task EnsureOwnedAsync(CancellationToken cancellation)
    {
        if (time.GetElapsedTime(renewed) > StaleAfter)
            throw Lost(Run, "this owner was silent for too long");
        if (await HighestEpochAsync(archive, Run, cancellation) > Epoch)
            throw new OwnershipLostException($"run {Run} must not be sealed: another owner has taken it over");
        if (await DeadMarks.AnyAsync(archive, Run, cancellation)) throw Lost(Run, "it was declared dead");
    }

    private static BackupException Lost(RunId run, string why) => new(ErrorKind.Conflict, $"run {run} must not be sealed: {why}", "Nothing of this attempt is visible. Run the backup again.");

    private async Task RenewAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(RenewEvery, time);
        while (await timer.WaitForNextTickAsync(cancellation)) await WriteAsync(cancellation);
    }

    private async Task WriteAsync(CancellationToken cancellation)
    {
        renewed = time.GetTimestamp();
        await SealedDocument.PutAsync(archive, ObjectKind.Lease, ObjectNames.Lease(Run, Epoch, number++),
            new LeaseRecord { Epoch = Epoch, Owner = owner, Time = time.GetUtcNow() }, cancellation);
    }

    private static Task<int> HighestEpochAsync(OpenedArchive archive, RunId run, CancellationToken cancellation) =>
        Epochs.HighestAsync(archive, ObjectNames.Run(run) + "lease-", cancellation);
}
