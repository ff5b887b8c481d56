using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>What a person reads about a compaction.</summary>
internal static class CompactText
{
    public static void Write(TextWriter writer, CompactReport report)
    {
        var heading = report.Derived.Count + report.Levels.Count == 0 ? $"nothing to compact of {report.Source} in {report.Archive}"
            : report.DryRun ? $"{report.Source} in {report.Archive}: nothing was written; a compaction would do this"
            : $"{report.Source} in {report.Archive} is compacted";
        new Facts(heading)
            .AddIf(report.LayersBefore > 0, "layers", () => report.LayersBefore == report.LayersAfter ? Human.Count(report.LayersAfter) : $"{Human.Count(report.LayersAfter)}, were {Human.Count(report.LayersBefore)}")
            .AddIf(report.BytesWritten > 0, report.DryRun ? "to merge" : "written", () => Human.Size(report.BytesWritten))
            .AddIf(report.BytesRead > 0 && !report.DryRun, "read", () => Human.Size(report.BytesRead))
            .AddIf(!report.DryRun, "took", () => Human.Duration(report.Seconds))
            .Write(writer);
        foreach (var derived in report.Derived)
            writer.WriteLine(Plain.Text($"{derived.Strategy}: {derived.Of} from {Human.Count(derived.Inputs.Count, "layer")}, {Human.Size(derived.InputBytes)}{(derived.StoredBytes > 0 ? $" into {Human.Size(derived.StoredBytes)}" : "")}: {derived.Reason}"));
        foreach (var level in report.Levels)
            writer.WriteLine(Plain.Text($"level: {level.From} to {level.To} from {Human.Count(level.Ticks, "tick")}, {Human.Count(level.Changes, "change")}"));
    }
}
