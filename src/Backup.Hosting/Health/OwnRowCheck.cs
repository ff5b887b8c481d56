using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans;
using Orleans.Clustering.Redis;
using Orleans.Runtime;

namespace Backup.Hosting.Health;

/// <summary>
/// This silo's row stands in the membership table. A silo never writes it again: where Redis lost its data, running
/// silos go on, and one that starts founds a second cluster. A silo without a row must get no more work and be restarted.
/// </summary>
internal sealed class OwnRowCheck(IMembershipTable table, ILocalSiloDetails self) : IHealthCheck
{
    private const string Gone = "this silo's row is gone from the membership table, as when Redis was emptied; a silo never writes it again: restart every silo that says this";

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var rows = await table.ReadRowAsync(self.SiloAddress, cancellationToken);
            return rows.TryGet(self.SiloAddress) is { Item1.Status: SiloStatus.Active }
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy(Gone);
        }
        catch (RedisClusteringException error)
        {
            return HealthCheckResult.Unhealthy(Gone, error); // Redis answers, and has no table
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return HealthCheckResult.Unhealthy("the membership table cannot be read", error);
        }
    }
}
