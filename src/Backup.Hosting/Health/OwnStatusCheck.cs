using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;

namespace Backup.Hosting.Health;

/// <summary>This silo is active, as it sees itself.</summary>
internal sealed class OwnStatusCheck(IClusterMembershipService membership, ILocalSiloDetails self) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var status = membership.CurrentSnapshot.GetSiloStatus(self.SiloAddress);
        return Task.FromResult(status == SiloStatus.Active ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy($"this silo is {status}"));
    }
}
