using System.Net;
using Microsoft.Extensions.Logging;

namespace Backup.Hosting.Security;

internal sealed partial class MutualTls
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused the connection from {Peer}: {Reason}")]
    private partial void LogRefusedPeer(EndPoint? peer, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused the silo at {Server}: {Reason}")]
    private partial void LogRefusedServer(EndPoint? server, string reason);
}
