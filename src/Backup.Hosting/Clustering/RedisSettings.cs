using Backup.Contracts;
using Backup.Hosting.Configuration;
using StackExchange.Redis;

namespace Backup.Hosting.Clustering;

/// <summary>Reads the setting that says how to reach Redis.</summary>
internal static class RedisSettings
{
    public const string Setting = "Backup:Cluster:ConnectionString";

    public static ConfigurationOptions Parse(BackupClusterOptions cluster)
    {
        try
        {
            var options = ConfigurationOptions.Parse(cluster.ConnectionString);
            options.ClientName ??= "backup-cluster";
            return options;
        }
        catch (ArgumentException error)
        {
            throw new BackupException(ErrorKind.Usage, $"configuration: {Setting} is not a Redis connection string: {error.Message}",
                "Write it like \"redis:6379,password=…\".", error);
        }
    }

    /// <summary>The servers it names, for messages: no secrets.</summary>
    public static string Place(ConfigurationOptions options) => string.Join(", ", options.EndPoints.Select(e => e is System.Net.DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : e.ToString()));
}
