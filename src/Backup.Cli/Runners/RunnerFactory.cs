using Backup.Contracts;
using Backup.Hosting.Archives;
using Backup.Hosting.Configuration;
using Backup.Engine.Stores;
using Backup.Hosting.Stores;

namespace Backup.Cli.Runners;

/// <summary>Chooses who does the work: the engine in this process, or a cluster.</summary>
internal static class RunnerFactory
{
    public static Task<IBackupRunner> OpenAsync(BackupOptions options, IReadOnlyDictionary<string, string> environment, TimeProvider time, CancellationToken cancellation)
    {
        if (options.Cluster is not null) throw new BackupException(ErrorKind.Usage, "this build of the tool cannot join a cluster", "Leave Backup:Cluster out to work in this process.");
        return Task.FromResult<IBackupRunner>(new LocalRunner(options, new ArchiveOpener(options, environment, time), new CheckpointStores(options), time));
    }
}
