using Microsoft.Extensions.Logging;

namespace Backup.Grains.Runs;

internal static partial class RunLog
{
    [LoggerMessage(1, LogLevel.Information, "Run {Run}: owner {Epoch} begins")]
    public static partial void Started(ILogger logger, string run, int epoch);

    [LoggerMessage(2, LogLevel.Warning, "Run {Run} ended with an error")]
    public static partial void Failed(ILogger logger, Exception error, string run);

    [LoggerMessage(3, LogLevel.Warning, "Run {Run}: shard {Shard} is given to another slot: {Why}")]
    public static partial void Requeued(ILogger logger, string run, int shard, string why);

    [LoggerMessage(4, LogLevel.Warning, "Run {Run}: nobody holds its cut any more, a new one is taken")]
    public static partial void CutTakenAnew(ILogger logger, string run);
}
