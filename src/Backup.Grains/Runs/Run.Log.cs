using Backup.Contracts;
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

    [LoggerMessage(5, LogLevel.Warning, "Run {Run}: {Why}")]
    public static partial void Refused(ILogger logger, string run, string why);

    [LoggerMessage(6, LogLevel.Warning, "Run {Run}: {Why}; what was read at that cut does not count")]
    public static partial void CutLost(ILogger logger, string run, string why);

    [LoggerMessage(7, LogLevel.Information, "Run {Run}: silo {Silo} was not told that the cut is not needed any more, and will find out: {Why}")]
    public static partial void NotReleased(ILogger logger, string run, string silo, string why);

    [LoggerMessage(8, LogLevel.Warning, "Run {Run}: this owner lets go of it: {Why}")]
    public static partial void Left(ILogger logger, string run, string why);

    [LoggerMessage(9, LogLevel.Information, "Run {Run}: {State}")]
    public static partial void Ended(ILogger logger, string run, RunState state);

    [LoggerMessage(10, LogLevel.Warning, "Run {Run}: how it ended is not written yet, and will be tried again: {Why}")]
    public static partial void NotWritten(ILogger logger, string run, string why);
}
