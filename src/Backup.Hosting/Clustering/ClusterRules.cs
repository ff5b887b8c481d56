using System.Net;
using Backup.Contracts;
using Backup.Hosting.Configuration;

namespace Backup.Hosting.Clustering;

/// <summary>What must hold before a silo or a client is made, however the options came to be.</summary>
internal static class ClusterRules
{
    public static BackupClusterOptions Check(BackupOptions options, bool listens)
    {
        var cluster = options.Cluster ?? throw Wrong("Backup:Cluster is missing: there is no cluster to be a part of",
            """Set it to {"Kind":"localhost"} for one silo on this machine, or to {"Kind":"redis","ConnectionString":"…"} for a fleet.""");
        if (cluster is { Tls: not null, Insecure: true })
            throw Wrong("Backup:Cluster says both Tls and Insecure", "Keep one of them.");
        if (listens && cluster is { Tls: null, Insecure: false } && !IPAddress.IsLoopback(cluster.AdvertisedAddress))
            throw Wrong($"Backup:Cluster:AdvertisedAddress {cluster.AdvertisedAddress} is open to other machines, and connections would not be protected",
                "Set Backup:Cluster:Tls with Certificate, Key and Authority, or Backup:Cluster:Insecure to true if the network itself is private.");
        if (listens && cluster.Kind == BackupClusterOptions.Redis && options.State.ConnectionString is null)
            throw Wrong("Backup:State:ConnectionString is missing", "A fleet keeps its state in PostgreSQL: write how to reach it.");
        if (listens) CheckHttp(options.Http, cluster);
        return cluster;
    }

    // The dashboard's token crosses the wire with every request.
    private static void CheckHttp(HttpOptions http, BackupClusterOptions cluster)
    {
        var url = new Uri(http.Url);
        if (url.Scheme == Uri.UriSchemeHttps && cluster.Tls is null)
            throw Wrong("Backup:Http:Url says https, and there is no certificate", "Set Backup:Cluster:Tls, whose certificate is used, or say http.");
        if (url.Scheme == Uri.UriSchemeHttp && http.Token is not null && !cluster.Insecure && !url.IsLoopback)
            throw Wrong($"Backup:Http:Url {http.Url} would send Backup:Http:Token over the network in clear",
                "Say https in Backup:Http:Url and set Backup:Cluster:Tls, listen on 127.0.0.1 only, or set Backup:Cluster:Insecure to true if the network itself is private.");
    }

    private static BackupException Wrong(string message, string hint) => new(ErrorKind.Usage, "configuration: " + message, hint);
}
