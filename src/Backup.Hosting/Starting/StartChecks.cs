namespace Backup.Hosting.Starting;

/// <summary>Runs every check in the order they were added, once in a host's life.</summary>
internal sealed class StartChecks(IEnumerable<IStartCheck> checks)
{
    private readonly SemaphoreSlim gate = new(1);
    private bool done;

    public async Task RunAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            if (done) return;
            foreach (var check in checks) await check.CheckAsync(cancellation);
            done = true;
        }
        finally
        {
            gate.Release();
        }
    }
}
