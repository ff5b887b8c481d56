using System.Security.Authentication;
using Backup.Contracts;
using Backup.Hosting.Configuration;

namespace Backup.Hosting.Clustering;

/// <summary>Says why a client could not join, in terms of settings.</summary>
internal static class ClientErrors
{
    /// <summary>The error to show.</summary>
    /// <param name="error">What joining threw.</param>
    /// <param name="cluster">What it was to join.</param>
    /// <param name="refusedServer">Why a silo's certificate was refused on the way, when one was.</param>
    public static BackupException Translate(Exception error, BackupClusterOptions cluster, AuthenticationException? refusedServer)
    {
        var causes = Causes(error).ToList();
        if (causes.OfType<BackupException>().FirstOrDefault() is { } known) return known;
        var where = cluster.Kind == BackupClusterOptions.Redis
            ? $"of cluster '{cluster.ClusterId}', found through Redis at {RedisSettings.Place(RedisSettings.Parse(cluster))}"
            : $"at 127.0.0.1:{ClusterPorts.Gateway(cluster)}";
        if ((causes.OfType<AuthenticationException>().FirstOrDefault() ?? refusedServer) is { } refused)
            return new(ErrorKind.Usage, $"the silo {where} and this client do not trust each other (Backup:Cluster:Tls): {refused.Message}",
                "Both sides need certificates of one authority.", error);
        return new(ErrorKind.Unreachable, $"no silo {where} answers (Backup:Cluster)",
            cluster.Kind == BackupClusterOptions.Redis
                ? "Start a silo with the same configuration. If one runs, check Backup:Cluster:ClusterId and Backup:Cluster:Tls on both sides."
                : "Start Silo.Host with the same configuration, or take Backup:Cluster out of it to work in this process.",
            error);
    }

    /// <summary>True when trying again gives the same.</summary>
    public static bool IsLasting(Exception error) => Causes(error).Any(cause => cause is BackupException or AuthenticationException);

    private static IEnumerable<Exception> Causes(Exception error)
    {
        yield return error;
        var inner = error is AggregateException many ? many.InnerExceptions : error.InnerException is { } one ? [one] : (IEnumerable<Exception>)[];
        foreach (var cause in inner.SelectMany(Causes)) yield return cause;
    }
}
