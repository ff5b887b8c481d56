using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Backup.Grains.Memory.Handover;

internal static partial class HandoverLog
{
    [LoggerMessage(1, LogLevel.Information, "{Count} threads of memory store {Store} were handed over to other silos")]
    public static partial void Done(ILogger logger, int count, string store);

    [LoggerMessage(2, LogLevel.Warning, "{Count} threads of memory store {Store} are lost with this silo: no other silo took them")]
    public static partial void Lost(ILogger logger, int count, string store);

    [LoggerMessage(3, LogLevel.Debug, "Silo {Silo} does not take {Count} threads over")]
    public static partial void Refused(ILogger logger, Exception error, SiloAddress silo, int count);

    [LoggerMessage(4, LogLevel.Warning, "Memory store {Store} was not handed over whole")]
    public static partial void Failed(ILogger logger, Exception error, string store);
}
