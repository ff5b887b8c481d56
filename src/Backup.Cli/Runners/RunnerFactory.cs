using Backup.Contracts;
using Backup.Hosting.Configuration;

namespace Backup.Cli.Runners;

/// <summary>Chooses who does the work: the engine in this process, or a cluster.</summary>
internal static class RunnerFactory
{
    public static Task<IBackupRunner> OpenAsync(BackupOptions options, TimeProvider time, CancellationToken cancellation) =>
        throw new BackupException(ErrorKind.Failed, "this build of the tool has no engine yet");
}
