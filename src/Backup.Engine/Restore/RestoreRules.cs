using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Engine.Restore;

/// <summary>What a restore request must not ask for.</summary>
public static class RestoreRules
{
    /// <exception cref="BackupException">Usage: the request contradicts itself.</exception>
    public static void Check(RestoreRequest request)
    {
        if ((request.BackupId is null) == (request.Source is null))
            throw Wrong("name either a backup (--backup) or a source (--source)");
        if (request.At is not null && request.BackupId is not null)
            throw Wrong("--at finds a backup, and --backup names one", "Leave one of them away; --at goes with --source.");
        if (request.At is not null && request.Checkpoint is not null)
            throw Wrong("--at and --checkpoint both say to which point", "Leave one of them away: --at takes a checkpoint's id too.");
        var point = PointOf(request);
        if (request.Threads is { Count: 0 })
            throw Wrong("the list of threads is empty", "Leave --thread and --threads-file away to restore the whole store.");
        if (request.Checkpoint is not null && request.Threads is not { Count: 1 })
            throw Wrong("--checkpoint needs exactly one --thread");
        if (point is { CheckpointId: not null } && request.Threads is not { Count: 1 })
            throw Wrong("--at a checkpoint needs exactly one --thread");
        if (CheckpointOf(request) is null && request.Writes != CheckpointWrites.Auto)
            throw Wrong("--writes needs --checkpoint, or --at a checkpoint");
        if (request.NewThreadId is not null && request.Threads is not { Count: 1 })
            throw Wrong("--as needs exactly one --thread");
        if (request.NewThreadId is { Length: 0 })
            throw Wrong("--as needs a thread id");
        if (request.Mirror && (request.Threads is not null || request.Namespace is not null))
            throw Wrong("--mirror is for whole-store restores", "Leave --thread, --threads-file and --namespace away, or leave --mirror away.");
        if (request.Since is not null && !request.Mirror)
            throw Wrong("what changed since a backup can only be mirrored");
    }

    /// <exception cref="BackupException">Usage: the target has no such layout.</exception>
    public static void CheckLayout(string? layout, string name, ICheckpointTarget target)
    {
        if (layout is null || target.Generations.Contains(layout)) return;
        throw target.Generations.Count == 0 ? Wrong($"--layout says which tables of LangGraph's are made, and '{name}' has none", "Leave --layout away: it is for targets in PostgreSQL.")
            : Wrong($"there is no layout '{layout}' for '{name}'", $"Nothing was changed. Write --layout with one of {string.Join(", ", target.Generations)}.");
    }

    /// <summary>The point asked for, or null for the latest backup or a named one.</summary>
    /// <exception cref="BackupException">Usage: it is no point.</exception>
    public static RecoveryPoint? PointOf(RestoreRequest request) => request.At is { } at ? RecoveryPoint.Parse(at) : null;

    /// <summary>The checkpoint the thread is restored to, whether by itself or as a point; null for whole threads.</summary>
    public static string? CheckpointOf(RestoreRequest request) => request.Checkpoint ?? PointOf(request)?.CheckpointId;

    private static BackupException Wrong(string what, string? hint = null) => new(ErrorKind.Usage, what, hint ?? "'backup restore --help' shows the options.");
}
