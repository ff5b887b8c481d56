using Backup.Abstractions;
using Backup.Contracts;
using Microsoft.Extensions.Logging;
using Orleans.Placement;
using Orleans.Runtime;

namespace Backup.Grains.ChangeLog;

/// <summary>
/// The owner of one source's change log. The work is done beside it; who owns the log is decided by claims in the archive, so two
/// activations do no harm: the older one finds out and goes.
/// </summary>
[KeepAlive, Immovable]
internal sealed class ChangeLogGrain(FollowedSources sources, LogKeepers keepers, ILogger<ChangeLogGrain> logger) : Grain, IChangeLogGrain, IRemindable
{
    private const string Reminder = "keep";
    private static readonly TimeSpan RemindEvery = TimeSpan.FromMinutes(1);
    private LogKeeping? keeping;
    private bool reminded;

    private string Source => GrainKeys.Names(this.GetPrimaryKeyString())[0];

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (sources.Find(Source) is { Enabled: true } followed) keeping = keepers.Keep(followed);
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (keeping is not null)
            await keeping.StopAsync().WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    public async Task EnsureAsync()
    {
        // Another owner has come, or the log is not enabled here: the next call finds whom it should.
        if (keeping is not { Ended: false }) DeactivateOnIdle();
        else if (!reminded) await RemindAsync();
    }

    public Task<LogStatus> StatusAsync()
    {
        if (keeping is not null) return Task.FromResult(keeping.Status);
        DeactivateOnIdle();
        return Task.FromResult(new LogStatus { Source = Source, State = LogState.Off });
    }

    public Task<LogStatus> WantAsync(string position)
    {
        keeping?.Want(LogPosition.Read(position) ?? 0);
        return StatusAsync();
    }

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        if (keeping is not null) await EnsureAsync();
        else await EndAsync();
    }

    private async Task RemindAsync()
    {
        try
        {
            await this.RegisterOrUpdateReminder(Reminder, RemindEvery, RemindEvery);
            reminded = true;
        }
        catch (Exception error)
        {
            // The log goes on without it, whatever the state's database does.
            ChangeLogLog.NotReminded(logger, Source, error.Message);
        }
    }

    // There is a reminder, so the log was kept once: what the source still holds for it would fill its disk.
    private async Task EndAsync()
    {
        DeactivateOnIdle();
        try
        {
            if (sources.Find(Source) is { } followed) await keepers.DropAsync(followed, CancellationToken.None);
            if (await this.GetReminder(Reminder) is { } reminder) await this.UnregisterReminder(reminder);
        }
        catch (BackupException error)
        {
            ChangeLogLog.NotDropped(logger, Source, error.Message);
        }
    }
}
