using Backup.Contracts;

namespace Backup.Engine.Recovery;

/// <summary>What a look at a thread must not ask for.</summary>
public static class ThreadRules
{
    /// <exception cref="BackupException">Usage: the request contradicts itself.</exception>
    public static void Check(ThreadStateRequest request)
    {
        if (request.Checkpoint is not null && request.At is { } at && RecoveryPoint.Parse(at).CheckpointId is not null)
            throw new BackupException(ErrorKind.Usage, "--at and --checkpoint both name a checkpoint", "Leave one of them away: --at shows what a restore to it brings, --checkpoint what is stored on it.");
    }
}
