using Backup.Hosting.Configuration;
using Backup.Hosting.Starting;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace Backup.Hosting.Security;

/// <summary>Puts protection under the cluster's connections: mutual TLS, or the refusal to leave this machine.</summary>
internal static class ClusterSecurity
{
    public static void AddClusterSecurity(this IServiceCollection services, BackupClusterOptions cluster)
    {
        if (cluster.Tls is { } tls)
        {
            services.AddSingleton(new NodeCertificates(tls));
            services.AddSingleton<TlsInstruments>();
            services.AddSingleton<MutualTls>();
            services.AddSingleton<IStartCheck, CertificateCheck>();
            services.Configure<SiloConnectionOptions>(connections =>
            {
                connections.ConfigureSiloInboundConnection(c => c.Use(Accept(c, silosOnly: true)));
                connections.ConfigureGatewayInboundConnection(c => c.Use(Accept(c, silosOnly: false)));
                connections.ConfigureSiloOutboundConnection(c => c.Use(Connect(c)));
            });
            services.Configure<ClientConnectionOptions>(connections => connections.ConfigureConnection(c => c.Use(Connect(c))));
        }
        else if (!cluster.Insecure)
        {
            services.Configure<SiloConnectionOptions>(connections => connections.ConfigureSiloOutboundConnection(c => c.Use(StayHere)));
            services.Configure<ClientConnectionOptions>(connections => connections.ConfigureConnection(c => c.Use(StayHere)));
        }
    }

    private static Func<ConnectionDelegate, ConnectionDelegate> Accept(IConnectionBuilder connection, bool silosOnly)
    {
        var tls = connection.ApplicationServices.GetRequiredService<MutualTls>();
        return next => context => tls.AcceptAsync(context, next, silosOnly);
    }

    private static Func<ConnectionDelegate, ConnectionDelegate> Connect(IConnectionBuilder connection)
    {
        var tls = connection.ApplicationServices.GetRequiredService<MutualTls>();
        return next => context => tls.ConnectAsync(context, next);
    }

    private static ConnectionDelegate StayHere(ConnectionDelegate next) => context => LoopbackOnly.ConnectAsync(context, next);
}
