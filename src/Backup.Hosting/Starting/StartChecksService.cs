using Microsoft.Extensions.Hosting;

namespace Backup.Hosting.Starting;

/// <summary>Runs the checks before any service of the host starts, where nobody did before.</summary>
internal sealed class StartChecksService(StartChecks checks) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => checks.RunAsync(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
