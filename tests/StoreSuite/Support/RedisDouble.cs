using System.Diagnostics;
using Backup.Tests.EndToEnd.Support;

namespace Backup.Tests.StoreSuite.Support;

/// <summary>A test double of RedisJSON and RediSearch in front of a stock Redis (tests/langgraph/redis-double.mjs); no real modules.</summary>
public sealed class RedisDouble : IDisposable
{
    private readonly Process process;

    private RedisDouble(Process process, string port) => (this.process, Address) = (process, $"127.0.0.1:{port}");

    /// <summary>Host and port.</summary>
    public string Address { get; }

    /// <summary>Starts it in front of a server.</summary>
    public static async Task<RedisDouble> StartAsync(string server)
    {
        var start = new ProcessStartInfo("node") { WorkingDirectory = Repository.Harness, RedirectStandardInput = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("redis-double.mjs");
        start.ArgumentList.Add(server);
        var process = Process.Start(start)!;
        return new(process, await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("the test double of Redis did not start"));
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }
}
