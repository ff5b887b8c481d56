using Backup.Contracts;
using Backup.Hosting.Clustering;
using Backup.Hosting.Configuration;
using Backup.Hosting.Engine;
using Backup.Hosting.Health;
using Backup.Hosting.Security;
using Backup.Hosting.Starting;
using Backup.Hosting.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;

namespace Backup.Hosting;

/// <summary>The composition root: what a silo and a client are made of, for the server, the tool and the tests.</summary>
public static class BackupHosting
{
    /// <summary>Adds a silo as <paramref name="options"/> describe it. <see cref="PrepareAsync"/> before the host starts gives clear errors.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="options">The configuration; it must have a cluster.</param>
    /// <param name="configure">More for the silo: grains, tests.</param>
    /// <exception cref="BackupException">Usage: a setting is missing or not safe.</exception>
    public static IHostApplicationBuilder AddBackupSilo(this IHostApplicationBuilder builder, BackupOptions options, Action<ISiloBuilder>? configure = null)
    {
        var cluster = ClusterRules.Check(options, listens: true);
        AddCommon(builder, options, cluster);
        var services = builder.Services;
        services.AddSingleton(_ => options.State.ConnectionString is { } postgres
            ? StateDatabase.Postgres(postgres)
            : StateDatabase.Sqlite(options.State.Folder ?? Path.Combine(options.StateFolder, "silo")));
        services.AddSingleton<IStartCheck, PortCheck>();
        if (options.State.ConnectionString is null) services.AddSingleton<IStartCheck, StateFolderLock>();
        services.AddSingleton<IStartCheck, StateCheck>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(60)); // longer than grains take to hand over
        services.AddSiloHealth(cluster);
        services.AddSiloEngine(options);
        builder.UseOrleans(silo =>
        {
            SiloSetup.Configure(silo, cluster);
            configure?.Invoke(silo);
        });
        return builder;
    }

    /// <summary>Adds a client of the cluster <paramref name="options"/> describe.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="options">The configuration; it must have a cluster.</param>
    /// <param name="configure">More for the client.</param>
    /// <exception cref="BackupException">Usage: a setting is missing or not safe.</exception>
    public static IHostApplicationBuilder AddBackupClient(this IHostApplicationBuilder builder, BackupOptions options, Action<IClientBuilder>? configure = null)
    {
        var cluster = ClusterRules.Check(options, listens: false);
        AddCommon(builder, options, cluster);
        builder.UseOrleansClient(client =>
        {
            ClientSetup.Configure(client, cluster);
            configure?.Invoke(client);
        });
        return builder;
    }

    /// <summary>Checks what a start needs (ports, certificates, servers, the state's schema) and says what is wrong in terms of settings.</summary>
    /// <exception cref="BackupException">Names the setting and what to do.</exception>
    public static Task PrepareAsync(this IHost host, CancellationToken cancellation = default) =>
        host.Services.GetRequiredService<StartChecks>().RunAsync(cancellation);

    /// <summary>Starts a host with a client in it, and says what is wrong in terms of settings when it cannot join.</summary>
    /// <exception cref="BackupException">Unreachable when no silo answers; Usage when a setting is wrong.</exception>
    public static async Task ConnectAsync(this IHost host, CancellationToken cancellation = default)
    {
        await host.PrepareAsync(cancellation);
        try
        {
            await host.StartAsync(cancellation);
        }
        catch (Exception error) when (error is not (OperationCanceledException or BackupException))
        {
            throw ClientErrors.Translate(error, host.Services.GetRequiredService<BackupClusterOptions>(), host.Services.GetService<MutualTls>()?.RefusedServer);
        }
    }

    /// <summary>Maps the health endpoints, and the dashboard when there is a token to sign in with.</summary>
    public static WebApplication MapBackup(this WebApplication app)
    {
        app.MapSiloHealth();
        app.MapDashboard(app.Services.GetRequiredService<BackupOptions>());
        return app;
    }

    private static void AddCommon(IHostApplicationBuilder builder, BackupOptions options, BackupClusterOptions cluster)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton(options);
        services.AddSingleton(cluster);
        services.AddSingleton<StartChecks>();
        services.AddHostedService<StartChecksService>();
        if (cluster.Kind == BackupClusterOptions.Redis) services.AddSingleton<IStartCheck, RedisCheck>();
        services.AddClusterSecurity(cluster);
        // A placement that finds no silo is retried, and told about at length; the caller gets the error anyway.
        builder.Logging.AddFilter("Polly", LogLevel.Error);
    }
}
