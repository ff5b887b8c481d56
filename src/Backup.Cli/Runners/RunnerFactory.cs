using Backup.Hosting.Archives;
using Backup.Hosting.Configuration;
using Backup.Hosting.Stores;

namespace Backup.Cli.Runners;

/// <summary>Chooses who does the work: the engine in this process, or a cluster.</summary>
internal static class RunnerFactory
{
    public static async Task<IBackupRunner> OpenAsync(BackupOptions options, IReadOnlyDictionary<string, string> environment, TimeProvider time, CancellationToken cancellation) =>
        options.Cluster is null
            ? new LocalRunner(options, new ArchiveOpener(options, environment, time), new CheckpointStores(options, time), time)
            : await ClusterRunner.ConnectAsync(options, time, cancellation);
}
