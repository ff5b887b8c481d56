using System.Data.Common;
using Backup.Hosting.State;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Backup.Hosting.Health;

/// <summary>The database of grain state answers.</summary>
internal sealed class StateHealthCheck(StateDatabase database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = database.Source.CreateCommand("SELECT count(*) FROM orleansquery");
            await command.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (DbException error)
        {
            return HealthCheckResult.Unhealthy($"the state database {database.Place} does not answer", error);
        }
    }
}
