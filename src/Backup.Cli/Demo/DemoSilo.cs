using System.Net;
using System.Net.Sockets;
using Backup.Contracts;
using Backup.Hosting;
using Backup.Hosting.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Backup.Cli.Demo;

/// <summary>A silo in this process, on free ports, with its state in a folder. It says nothing.</summary>
internal sealed class DemoSilo : IAsyncDisposable
{
    private const int Attempts = 5;
    private readonly IHost host;

    private DemoSilo(IHost host) => this.host = host;

    public IGrainFactory Grains => Service<IGrainFactory>();

    public static async Task<DemoSilo> StartAsync(Func<BackupClusterOptions, BackupOptions> options, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var builder = Host.CreateEmptyApplicationBuilder(new() { ContentRootPath = AppContext.BaseDirectory });
            builder.Logging.ClearProviders();
            builder.AddBackupSilo(options(new() { Kind = BackupClusterOptions.Localhost, SiloPort = FreePort(), GatewayPort = FreePort() }));
            var host = builder.Build();
            try
            {
                await host.PrepareAsync(cancellation);
                await host.StartAsync(cancellation);
                return new(host);
            }
            catch (BackupException error) when (error.Kind == ErrorKind.Conflict && attempt < Attempts)
            {
                // Somebody else took the port between finding it and listening on it.
                await DisposeAsync(host);
            }
            catch
            {
                await DisposeAsync(host);
                throw;
            }
        }
    }

    public T Service<T>()
        where T : notnull => host.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync(CancellationToken.None);
        await DisposeAsync(host);
    }

    private static ValueTask DisposeAsync(IHost host) => ((IAsyncDisposable)host).DisposeAsync();

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
