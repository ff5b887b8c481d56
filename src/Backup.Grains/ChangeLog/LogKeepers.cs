using Backup.Archive;
using Backup.Checkpoints.Stores;
using Backup.Engine.ChangeLog;
using Backup.Engine.Stores;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Backup.Grains.ChangeLog;

/// <summary>What this silo does with logs: keeps them, or ends those that are not to be kept any more.</summary>
internal sealed class LogKeepers(IArchives archives, ICheckpointStores stores, IGrainFactory grains, LogInstruments instruments, ILocalSiloDetails silo, TimeProvider time, ILogger<LogKeepers> logger)
{
    /// <summary>Begins to keep a log.</summary>
    public LogKeeping Keep(FollowedSource followed) => new(followed, silo.Name, archives, stores, grains, instruments, time, logger);

    /// <summary>Has the source keep nothing for a log that is not enabled any more.</summary>
    public async Task DropAsync(FollowedSource followed, CancellationToken cancellation)
    {
        var archive = await archives.OpenAsync(followed.Archive, cancellation);
        await using var source = await stores.OpenSourceAsync(followed.Options.Source, cancellation);
        if (source is not IChangeLogSource log) return;
        await using var feed = await log.OpenFeedAsync(LogRun.FeedName(archive, followed.Options.Source), null, cancellation);
        await feed.DropAsync(cancellation);
        ChangeLogLog.Dropped(logger, followed.Options.Source);
    }
}
