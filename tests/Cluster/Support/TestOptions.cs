using System.Net;
using System.Net.Sockets;
using Backup.Hosting.Configuration;

namespace Backup.Tests.Cluster.Support;

/// <summary>Configurations on free ports.</summary>
public static class TestOptions
{
    private static int lastPort = 14000 + Environment.ProcessId % 100 * 150;

    public static BackupOptions Localhost(StateOptions state, string? token = null) => new()
    {
        StateFolder = state.Folder ?? "",
        State = state,
        Cluster = new() { Kind = BackupClusterOptions.Localhost, SiloPort = FreePort(), GatewayPort = FreePort() },
        Http = new() { Url = $"http://127.0.0.1:{FreePort()}", Token = token },
    };

    public static BackupOptions Fleet(string clusterId, string postgres, TlsOptions? tls = null) => new()
    {
        StateFolder = "",
        State = new() { ConnectionString = postgres },
        Cluster = new()
        {
            Kind = BackupClusterOptions.Redis, ConnectionString = Servers.Redis, ClusterId = clusterId,
            SiloPort = FreePort(), GatewayPort = FreePort(), Tls = tls,
        },
        Http = new() { Url = $"http://127.0.0.1:{FreePort()}" },
    };

    public static string NewClusterId() => "test-" + Contracts.Randomness.Token(10);

    // Below the ports the system gives to outgoing connections, and never the same twice in a process.
    public static int FreePort()
    {
        while (true)
        {
            var port = Interlocked.Increment(ref lastPort);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException) when (port < 32000)
            {
            }
        }
    }
}
