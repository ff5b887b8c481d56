using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>What a person reads about what nobody reads.</summary>
internal static class InertText
{
    public static void Collected(TextWriter writer, CollectReport report)
    {
        var nothing = report.Marked.Count + report.Swept.Count + report.Unfinished == 0;
        new Facts(nothing ? $"nothing to collect in archive {report.Archive}" : report.DryRun ? $"archive {report.Archive}: nothing was changed; a collection would do this" : $"archive {report.Archive} is collected")
            .Add("location", report.Location)
            .AddIf(report.Marked.Count > 0, "marked", () => $"{Human.Count(report.Marked.Count, "run")} as dead; swept by a later collection")
            .AddIf(report.Swept.Count > 0, "swept", () => $"{Human.Count(report.Swept.Count, "run")}, {Human.Count(report.Objects, "object")}, {Human.Size(report.Bytes)}")
            .AddIf(report.Unfinished > 0, "unfinished", () => $"{Human.Count(report.Unfinished, "file")} of writers that died, {Human.Size(report.UnfinishedBytes)}")
            .AddIf(report.Waiting.Count > 0, "waiting", () => Human.Count(report.Waiting.Count, "run"))
            .Write(writer);
        Write(writer, "marked", report.Marked);
        Write(writer, "swept", report.Swept);
        Write(writer, "waiting", report.Waiting);
    }

    /// <summary>One line for each run.</summary>
    public static void Write(TextWriter writer, string what, IEnumerable<InertRun> runs)
    {
        foreach (var run in runs)
            writer.WriteLine(Plain.Text($"{what}: {run.RunId} {Why(run)}, {Human.Count(run.Objects, "object")}, {Human.Size(run.Bytes)}" + (run.Until is { } until ? $", until {Human.Time(until)}" : "")));
    }

    private static string Why(InertRun run) => run.Kind switch
    {
        InertKind.Unsealed => $"never sealed, silent since {Human.Time(run.Since)}",
        InertKind.Marked => $"never sealed, marked as dead {Human.Time(run.Marked!.Value)}",
        InertKind.Removed => $"removed on purpose {Human.Time(run.Since)}",
        _ => $"left over by attempts that died, since {Human.Time(run.Since)}",
    };
}
