using Backup.Abstractions;
using Backup.Contracts;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Backup.Grains.ChangeLog;

/// <summary>Asks each second for every log that is enabled, on every silo: an owner that vanished is replaced as soon as the cluster knows.</summary>
internal sealed class LogPings(FollowedSources sources, IGrainFactory grains, TimeProvider time, ILogger<LogPings> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource stopping = new();
    private Task pinging = Task.CompletedTask;

    // Ended before the silo's grains are: a leaving silo must not bring a log back to itself.
    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(LogPings), ServiceLifecycleStage.Active + 1, StartAsync, StopAsync);

    private Task StartAsync(CancellationToken cancellation)
    {
        pinging = Task.WhenAll(sources.Enabled.Select(followed => Task.Run(() => PingAsync(followed.Options.Source), CancellationToken.None)));
        return Task.CompletedTask;
    }

    private async Task StopAsync(CancellationToken cancellation)
    {
        await stopping.CancelAsync();
        await pinging;
    }

    private async Task PingAsync(string source)
    {
        for (string? told = null; !stopping.IsCancellationRequested; await Task.Delay(Pause, time, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing))
        {
            try
            {
                await grains.GetGrain<IChangeLogGrain>(GrainKeys.Source(source)).EnsureAsync().WaitAsync(stopping.Token);
                told = null;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is OrleansException or TimeoutException or BackupException or IOException)
            {
                if (told is null) ChangeLogLog.NotAnswered(logger, source, error.Message);
                told = error.Message;
            }
        }
    }
}
