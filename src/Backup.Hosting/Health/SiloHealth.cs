using System.Text;
using Backup.Hosting.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Backup.Hosting.Health;

/// <summary>The health endpoints. Live asks nothing of anybody: a server that is down is no reason to kill every silo.</summary>
internal static class SiloHealth
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public static void AddSiloHealth(this IServiceCollection services, BackupClusterOptions cluster)
    {
        var checks = services.AddHealthChecks()
            .AddCheck<OwnStatusCheck>("silo", timeout: Timeout)
            .AddCheck<StateHealthCheck>("state", timeout: Timeout);
        if (cluster.Kind == BackupClusterOptions.Redis) checks.AddCheck<OwnRowCheck>("membership", timeout: Timeout);
    }

    public static void MapSiloHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { ResponseWriter = WriteAsync });
    }

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        var text = new StringBuilder(report.Status.ToString()).Append('\n');
        foreach (var (name, entry) in report.Entries.Where(e => e.Value.Status != HealthStatus.Healthy))
            text.Append(name).Append(": ").Append(entry.Description ?? entry.Status.ToString()).Append('\n');
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text.ToString(), context.RequestAborted);
    }
}
