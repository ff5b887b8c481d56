using Backup.Hosting.Configuration;

namespace Backup.Hosting.Clustering;

/// <summary>The ports a silo listens on when none are set.</summary>
internal static class ClusterPorts
{
    private const int DefaultSiloPort = 11111;
    private const int DefaultGatewayPort = 30000;

    public static int Silo(BackupClusterOptions cluster) => cluster.SiloPort ?? DefaultSiloPort;

    public static int Gateway(BackupClusterOptions cluster) => cluster.GatewayPort ?? DefaultGatewayPort;
}
