using Backup.Engine.ChangeLog;
using Backup.Grains.ChangeLog;
using Backup.Hosting.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Backup.Hosting.Engine;

/// <summary>A silo's part of the change logs.</summary>
internal static class ChangeLogServices
{
    public static void AddChangeLogs(this IServiceCollection services, BackupOptions options)
    {
        services.AddSingleton(new FollowedSources(options.Sources.Select(s => Followed(options, s.Key, s.Value.Log)).OfType<FollowedSource>()));
        services.AddSingleton<LogInstruments>();
        services.AddSingleton<LogKeepers>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, LogPings>();
    }

    private static FollowedSource? Followed(BackupOptions options, string source, SourceLogOptions log) => options.LogArchive(source) is { } archive
        ? new(log.Enabled, archive, new() { Source = source, Tick = TimeSpan.FromSeconds(log.TickSeconds), Poll = TimeSpan.FromSeconds(log.PollSeconds), MaxRetainedBytes = (long)log.MaxRetainedMB << 20 })
        : null;
}
