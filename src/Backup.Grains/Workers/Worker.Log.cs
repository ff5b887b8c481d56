using Microsoft.Extensions.Logging;

namespace Backup.Grains.Workers;

internal static partial class WorkerLog
{
    [LoggerMessage(1, LogLevel.Warning, "Run {Run}: shard {Shard} ended with an error")]
    public static partial void Failed(ILogger logger, Exception error, string run, int shard);

    [LoggerMessage(2, LogLevel.Warning, "Run {Run}: shard {Shard} is given up, nobody has asked for it")]
    public static partial void Forgotten(ILogger logger, string run, int shard);

    [LoggerMessage(3, LogLevel.Information, "Run {Run}: captured shard {Shard}, {Threads} threads")]
    public static partial void Captured(ILogger logger, string run, int shard, long threads);
}
