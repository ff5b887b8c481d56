using Backup.Contracts;

namespace Backup.Cli.Runners;

/// <summary>Shows how a thread's backup stands as the run that captures it.</summary>
internal sealed class ThreadBackupProgress(string source, IProgress<RunStatus> progress, TimeProvider time) : IProgress<ThreadBackup>
{
    private readonly DateTimeOffset started = time.GetUtcNow();

    public void Report(ThreadBackup value)
    {
        var now = time.GetUtcNow();
        progress.Report(new()
        {
            RunId = value.RunId ?? "", Kind = RunKind.Backup, Store = source, Archive = value.Archive, State = value.RunId is null ? RunState.Waiting : RunState.Capturing,
            Started = started, Updated = now, Advanced = now,
        });
    }
}
