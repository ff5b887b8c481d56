using Backup.Contracts;
using Backup.Engine.Restore;

namespace Backup.Cli.Output;

/// <summary>What a person reads about a restore, before and after it.</summary>
internal static class RestoreText
{
    private const int ThreadsShown = 10;

    public static void Plan(TextWriter writer, RestorePlan plan, RestoreRequest request)
    {
        new Facts($"restore of {plan.BackupId} to {plan.Target} would")
            .AddIf(request.At is not null, "recover", () => "what was true for " + Found(plan.CutTime, request))
            .Add("restore", $"{Human.Count(plan.Threads, "thread")}, {Human.Count(plan.Records, "record")}, {Human.Size(plan.RawBytes)}")
            .Add("read", $"{Human.Size(plan.BytesToRead)} from the archive in {Human.Count(plan.Reads, "read")}")
            .AddIf(plan.Unchanged > 0, "find", () => $"{Human.Count(plan.Unchanged, "thread")} equal already")
            .AddIf(plan.Expired > 0, "pass over", () => $"{Human.Count(plan.Expired, "thread")} that have expired since; --expiry shift or none would bring them back")
            .AddIf(plan.Expiring > 0, "expire", () => $"{Human.Count(plan.Expiring, "thread")} of those it writes, each at its own time")
            .AddIf(plan.Conflicts > 0, request.Conflict switch { ConflictPolicy.Overwrite => "replace", ConflictPolicy.Skip => "skip", _ => "stop at" },
                () => $"{Human.Count(plan.Conflicts, "thread")} with another content: {Some(plan.ConflictingThreads, plan.Conflicts)}")
            .AddIf(request.Mirror, "remove", () => $"{Human.Count(plan.ToRemove, "thread")} that the backup does not hold")
            .Add("drop", Dropped(plan.Dropped))
            .Add("leave", $"{Human.Count(plan.Untouched, "other thread")} untouched")
            .Notes(plan.Warnings)
            .Notes(plan.Conflicts > 0 && request.Conflict == ConflictPolicy.Fail ? ["nothing is changed while there are conflicts; choose --conflict skip or overwrite, or another target"] : [])
            .Write(writer);
    }

    public static void Done(TextWriter writer, RestoreReport report, RestoreRequest? request = null)
    {
        new Facts(report.Exact ? $"restored {report.BackupId} to {report.Target}: exact" : $"restored {report.BackupId} to {report.Target}: NOT the same as the backup")
            .AddIf(request?.At is not null, "true for", () => Found(report.CutTime, request!))
            .Add("threads", $"{Human.Count(report.Threads)} stand as captured{Detail(report)}")
            .AddIf(report.Expired > 0, "expired", () => $"{Human.Count(report.Expired, "thread")} since the backup, and not brought back; --expiry shift or none does that")
            .AddIf(report.Expiring > 0, "expire", () => $"{Human.Count(report.Expiring, "thread")} of those written, each at its own time")
            .Add("records", $"{Human.Count(report.Records)} written{Kinds(report.Written)}")
            .Add("dropped", Dropped(report.Dropped))
            .Add("others", $"{Human.Count(report.Untouched, "thread")} untouched")
            .AddIf(report.Concurrent.Count > 0, "concurrent", () => $"{Human.Count(report.Concurrent.Count, "thread")} written by others meanwhile: {Some(report.Concurrent, report.Concurrent.Count)}")
            .Add("read", $"{Human.Size(report.BytesRead)} from the archive in {Human.Count(report.Reads, "read")}")
            .Add("took", Human.Duration(report.Seconds))
            .Add("run", report.RunId)
            .Notes(report.Warnings)
            .Write(writer);
    }

    // Exact, and with the point beside it: what came between the two is not in the backup.
    private static string Found(DateTimeOffset cut, RestoreRequest request) =>
        $"{RecoveryPoint.At(cut)}, the newest backup {(RestoreRules.CheckpointOf(request) is { } id ? $"with checkpoint {id}" : $"at or before {request.At}")}";

    private static string Detail(RestoreReport report)
    {
        var parts = new List<string>();
        if (report.Unchanged > 0) parts.Add($"{Human.Count(report.Unchanged)} did already");
        if (report.Skipped > 0) parts.Add($"{Human.Count(report.Skipped)} skipped");
        if (report.Removed > 0) parts.Add($"{Human.Count(report.Removed)} removed");
        return parts.Count == 0 ? "" : $" ({string.Join(", ", parts)})";
    }

    /// <summary>What had no place in the target.</summary>
    public static string Dropped(IReadOnlyList<DroppedExtra> dropped) => dropped.Count == 0 ? "0: all that was captured has a place in the target"
        : string.Join(", ", dropped.Select(d => $"{Human.Count(d.Count)} × {d.Of} {d.What}")) + ", which the target has no place for";

    private static string Kinds(WrittenRecords written)
    {
        var parts = new (long Count, string One)[] { (written.Checkpoints, "checkpoint"), (written.Blobs, "value"), (written.Writes, "write"), (written.Items, "memory item"), (written.Vectors, "vector") }
            .Where(k => k.Count > 0).Select(k => Human.Count(k.Count, k.One)).ToList();
        return parts.Count == 0 ? "" : $" ({string.Join(", ", parts)})";
    }

    private static string Some(IReadOnlyList<string> threads, long count)
    {
        var more = count - Math.Min(threads.Count, ThreadsShown);
        return string.Join(", ", threads.Take(ThreadsShown)) + (more > 0 ? $" and {Human.Count(more)} more" : "");
    }
}
