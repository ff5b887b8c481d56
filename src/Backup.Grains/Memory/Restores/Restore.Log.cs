using Microsoft.Extensions.Logging;

namespace Backup.Grains.Memory.Restores;

internal static partial class RestoreLog
{
    [LoggerMessage(1, LogLevel.Warning, "The coordinator of a restore into memory store {Store} is silent: the restore is undone here")]
    public static partial void Abandoned(ILogger logger, string store);

    [LoggerMessage(2, LogLevel.Error, "A restore into memory store {Store} could not be undone whole: its threads may be called lost")]
    public static partial void UndoFailed(ILogger logger, Exception error, string store);
}
