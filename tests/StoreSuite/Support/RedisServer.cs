using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;

namespace Backup.Tests.StoreSuite.Support;

/// <summary>A Redis process of a test's own, which it may kill and start again.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("backup-redis-").FullName;
    private readonly string port;
    private readonly string[] settings;
    private Process process = null!;
    private RedisServer? watches;

    /// <summary>The name a Sentinel has for the primary it watches.</summary>
    public const string Watched = "chats";

    private RedisServer(string[] settings)
    {
        this.settings = settings;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        port = $"{((IPEndPoint)listener.LocalEndpoint).Port}";
    }

    public string Port => port;

    public string ConnectionString => $"127.0.0.1:{port},connectTimeout=2000,connectRetry=1";

    public static async Task<RedisServer> StartAsync(params string[] settings)
    {
        var server = new RedisServer(settings);
        await server.StartAsync();
        return server;
    }

    /// <summary>A Sentinel that watches a primary, and knows the replicas it has.</summary>
    public static async Task<RedisServer> SentinelAsync(RedisServer primary)
    {
        var sentinel = new RedisServer([]) { watches = primary };
        await sentinel.StartAsync();
        try
        {
            while (!((string)(await sentinel.AskAsync("INFO", "sentinel"))!).Contains("status=ok,address=127.0.0.1:" + primary.port + ",slaves=1", StringComparison.Ordinal)) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            return sentinel;
        }
        catch
        {
            await sentinel.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it with what it had on disk, and waits until it answers.</summary>
    public async Task StartAsync(bool answers = true, params string[] more)
    {
        string[] arguments = ["--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--logfile", Path.Combine(folder, "log"), .. settings, .. more];
        if (watches is not null)
        {
            var file = Path.Combine(folder, "sentinel.conf");
            await File.WriteAllTextAsync(file, $"port {port}\nbind 127.0.0.1\ndir {folder}\nlogfile {Path.Combine(folder, "log")}\nsentinel monitor {Watched} 127.0.0.1 {watches.port} 1\nsentinel failover-timeout {Watched} 5000\n");
            arguments = [file, "--sentinel"];
        }
        process = Process.Start(new ProcessStartInfo("redis-server", arguments))!;
        while (true)
        {
            if (process.HasExited) Assert.Fail($"Redis did not start: {await File.ReadAllTextAsync(Path.Combine(folder, "log"))}");
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, int.Parse(port, System.Globalization.CultureInfo.InvariantCulture));
                await client.GetStream().WriteAsync("PING\r\n"u8.ToArray());
                var reply = new byte[7];
                await client.GetStream().ReadExactlyAsync(reply);
                if (!answers || reply[0] == '+' || reply.AsSpan().SequenceEqual("-NOAUTH"u8)) return;
            }
            catch (Exception error) when (error is SocketException or IOException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
            }
        }
    }

    /// <summary>Kills it as a machine that loses power would.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    public Task RunAsync(string command, params object[] arguments) => AskAsync(command, arguments);

    /// <summary>The answer of this very server, whatever it is part of.</summary>
    public async Task<RedisResult> AskAsync(string command, params object[] arguments)
    {
        var options = ConfigurationOptions.Parse(ConnectionString + ",allowAdmin=true");
        if (watches is not null) options.CommandMap = CommandMap.Sentinel;
        await using var connection = await ConnectionMultiplexer.ConnectAsync(options);
        return await connection.GetServer("127.0.0.1", int.Parse(port, System.Globalization.CultureInfo.InvariantCulture)).ExecuteAsync(command, arguments);
    }

    public ValueTask DisposeAsync()
    {
        Kill();
        Directory.Delete(folder, recursive: true);
        return default;
    }
}
