namespace Backup.Tests.Cluster.Support;

/// <summary>Waits for what happens in its own time, and fails when it does not.</summary>
public static class Until
{
    public static Task TrueAsync(string what, Func<Task<bool>> condition, double seconds = 30) => TrueAsync(() => what, condition, seconds);

    /// <summary>Waits; what is told of a condition that did not come true is asked for then.</summary>
    public static async Task TrueAsync(Func<string> what, Func<Task<bool>> condition, double seconds = 30)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await condition())
        {
            try
            {
                await look.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"after {seconds} s: {what()}");
            }
        }
    }
}
