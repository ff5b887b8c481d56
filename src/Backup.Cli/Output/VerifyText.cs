using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>What a person reads about a check.</summary>
internal static class VerifyText
{
    private const int ThreadsShown = 5;

    public static void Write(TextWriter writer, VerifyReport report, VerifyRequest request)
    {
        new Facts(Heading(report, request))
            .Add("depth", report.DataRead ? $"{report.Depth}, every byte read" : $"{report.Depth}, data not read")
            .Add("backups", Human.Count(report.Backups.Count))
            .Add("objects", $"{Human.Count(report.Objects)}, {Human.Size(report.BytesRead)} read")
            .AddIf(report.Threads > 0, "threads", () => Human.Count(report.Threads))
            .Add("took", Human.Duration(report.Seconds))
            .Write(writer);
        Damage(writer, report.Findings);
        Differences(writer, report.Differences);
    }

    public static void Differences(TextWriter writer, IReadOnlyList<Finding> findings) => Write(writer, findings, finding => $"differs: {finding.Object}");

    public static void Damage(TextWriter writer, IReadOnlyList<Finding> findings) => Write(writer, findings, finding => $"damage: {finding.Object} at offset {finding.Offset}");

    private static void Write(TextWriter writer, IReadOnlyList<Finding> findings, Func<Finding, string> place)
    {
        foreach (var finding in findings)
        {
            writer.WriteLine($"{Plain.Text(place(finding))}: {Plain.Text(finding.Problem)}");
            if (Lost(finding) is { } lost) writer.WriteLine($"  affected: {lost}");
            if (finding.Advice is { } advice) writer.WriteLine($"  {Plain.Text(advice)}");
        }
    }

    private static string Heading(VerifyReport report, VerifyRequest request) =>
        report.Findings.Count > 0 ? $"damage found: {Human.Count(report.Findings.Count, "finding")}"
        : report.Differences.Count > 0 ? $"{request.Against ?? "the store"} differs from the backup: {Human.Count(report.Differences.Count, "difference")}"
        : request.Against is { } store ? $"nothing is wrong, and {store} holds exactly what the backup holds"
        : "nothing is wrong";

    private static string? Lost(Finding finding)
    {
        if (finding.ThreadCount < 0) return "threads that cannot be known";
        if (finding.Threads.Count == 0) return finding.ThreadCount > 0 ? Human.Count(finding.ThreadCount, "thread") : null;
        var shown = finding.Threads.Take(ThreadsShown).Select(Plain.Text).ToArray();
        var more = Math.Max(finding.ThreadCount, finding.Threads.Count) - shown.Length;
        return $"{string.Join(", ", shown)}{(more > 0 ? $" and {Human.Count(more)} more" : "")}";
    }
}
