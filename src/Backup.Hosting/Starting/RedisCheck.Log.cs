using System.Net;
using Microsoft.Extensions.Logging;

namespace Backup.Hosting.Starting;

internal sealed partial class RedisCheck
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Redis at {Server} may lose the cluster's membership table in a restart: silos could then form a second cluster beside the running one. Set appendonly to yes.")]
    private partial void LogForgetful(EndPoint server);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Redis at {Server} may evict the cluster's membership table under memory pressure. Set maxmemory-policy to noeviction.")]
    private partial void LogEvicting(EndPoint server);
}
