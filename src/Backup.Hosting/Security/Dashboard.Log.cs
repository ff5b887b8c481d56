using Microsoft.Extensions.Logging;

namespace Backup.Hosting.Security;

internal static partial class Dashboard
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The dashboard is closed. Set Backup:Http:Token to open it.")]
    private static partial void LogClosed(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "The dashboard is at {Url}; sign in with any name and Backup:Http:Token as the password.")]
    private static partial void LogOpen(ILogger logger, string url);
}
