using System.Net;
using Backup.Hosting.Configuration;

namespace Backup.Hosting.Starting;

/// <summary>The server's HTTP port is free.</summary>
internal sealed class HttpPortCheck(BackupOptions options) : IStartCheck
{
    public Task CheckAsync(CancellationToken cancellation)
    {
        var url = new Uri(options.Http.Url);
        var address = IPAddress.TryParse(url.DnsSafeHost, out var given) ? given : url.IsLoopback ? IPAddress.Loopback : IPAddress.Any;
        FreePort.Require(address, url.Port, "Backup:Http:Url");
        return Task.CompletedTask;
    }
}
