using System.Net;
using System.Net.Sockets;

namespace Backup.Tests.Cluster.Support;

/// <summary>An address that leads to one server and later to another, as a name or a virtual address does after a failover.</summary>
public sealed class MovingAddress : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task serving;
    private readonly List<TcpClient> open = [];
    private int target;

    public MovingAddress(int target)
    {
        this.target = target;
        listener.Start();
        serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Leads to another server; connections to the old one are cut.</summary>
    public void Move(int to)
    {
        lock (open)
        {
            target = to;
            foreach (var client in open) client.Close();
            open.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        Move(0);
        await serving;
        stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true) _ = ForwardAsync(await listener.AcceptTcpClientAsync(stop.Token));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ForwardAsync(TcpClient from)
    {
        using var client = from;
        using var server = new TcpClient();
        try
        {
            int to;
            lock (open)
            {
                to = target;
                open.AddRange([client, server]);
            }
            await server.ConnectAsync(IPAddress.Loopback, to);
            await Task.WhenAny(client.GetStream().CopyToAsync(server.GetStream()), server.GetStream().CopyToAsync(client.GetStream()));
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }
}
