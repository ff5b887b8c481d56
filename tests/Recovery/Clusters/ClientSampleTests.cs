using System.Diagnostics;
using Backup.Tests.Recovery.Support;

namespace Backup.Tests.Recovery.Clusters;

/// <summary>The sample application, which knows nothing but the contracts and the grain interfaces.</summary>
public sealed class ClientSampleTests
{
    [Fact]
    public async Task An_application_keeps_threads_loses_one_and_gets_it_back()
    {
        await using var cluster = await TestCluster.LocalhostAsync(1);
        var start = new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "ClientSample.dll"), $"{cluster.GatewayPort}", "threads", "main"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var ran = (await Ran.OfAsync(process, "the sample")).Expect(0);
        string[] expected =
        [
            "backup Done: 1 thread, 6 records", "checkpoint step-2 after step-1", "checkpoint step-1 after nothing", "forgotten: nothing is left", "restore Done: exact True",
            "last said: is anybody there?",
        ];
        Assert.StartsWith(string.Join('\n', expected), ran.Out, StringComparison.Ordinal);
        Assert.Contains("NotFound: there is no backup 'no-such-backup'", ran.Out, StringComparison.Ordinal);
        Assert.Contains("'backup list' shows the backups there are.", ran.Out, StringComparison.Ordinal);
    }
}
