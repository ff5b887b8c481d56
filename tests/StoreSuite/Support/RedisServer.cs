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

    private RedisServer(string[] settings)
    {
        this.settings = settings;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        port = $"{((IPEndPoint)listener.LocalEndpoint).Port}";
    }

    public string ConnectionString => $"127.0.0.1:{port},connectTimeout=2000,connectRetry=1";

    public static async Task<RedisServer> StartAsync(params string[] settings)
    {
        var server = new RedisServer(settings);
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts it with what it had on disk, and waits until it answers.</summary>
    public async Task StartAsync(bool answers = true, params string[] more)
    {
        string[] arguments = ["--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--logfile", Path.Combine(folder, "log"), .. settings, .. more];
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

    public async Task RunAsync(string command, params object[] arguments)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(ConnectionString + ",allowAdmin=true");
        await connection.GetDatabase().ExecuteAsync(command, arguments);
    }

    public ValueTask DisposeAsync()
    {
        Kill();
        Directory.Delete(folder, recursive: true);
        return default;
    }
}
