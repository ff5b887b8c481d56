using Microsoft.Extensions.Logging;

namespace Backup.Grains.Wire;

internal static partial class WireLog
{
    [LoggerMessage(1, LogLevel.Error, "{Method} of {Grain} failed in a way nobody foresaw")]
    public static partial void Unexpected(ILogger logger, Exception error, string method, string grain);
}
