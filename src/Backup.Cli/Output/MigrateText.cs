using System.Globalization;
using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>What a person reads about a migration.</summary>
internal static class MigrateText
{
    public static string Round(string name, MigrateRound round) =>
        Plain.Text($"{name}: {round.Strategy} backup {round.BackupId}, {Human.Count(round.Written, "thread")} written{(round.Removed > 0 ? $", {Human.Count(round.Removed)} removed" : "")}, {Human.Duration(round.Seconds)}");

    public static void Write(TextWriter writer, MigrateReport report)
    {
        new Facts(Heading(report))
            .Add("holds", Human.Count(report.Threads, "thread"))
            .Add("true for", Human.Time(report.CutTime))
            .Add("rounds", $"{Human.Count(report.Rounds.Count)}, the last {Human.Duration(report.Rounds[^1].Seconds)}")
            .Add("dropped", RestoreText.Dropped(report.Rounds.SelectMany(r => r.Dropped).GroupBy(d => (d.Of, d.What)).Select(g => g.MaxBy(d => d.Count)!).ToList()))
            .AddIf(report.PauseSeconds is not null, "pause", () => $"{report.PauseSeconds!.Value.ToString("0.00", CultureInfo.InvariantCulture)} s, comparison included")
            .Add("took", Human.Duration(report.Seconds))
            .Add("backup", report.BackupId)
            .Notes(report.Warnings)
            .Write(writer);
        VerifyText.Differences(writer, report.SourceDifferences);
        VerifyText.Differences(writer, report.TargetDifferences);
        if (Next(report) is { } next) writer.WriteLine(Plain.Text(next));
    }

    private static string Heading(MigrateReport report) =>
        report.CutOver ? $"{report.To} has taken over from {report.From}: both hold exactly the same"
        : report.SourceDifferences.Count > 0 ? $"NOT cut over: {report.From} was written after the final increment"
        : report.TargetDifferences.Count > 0 ? $"NOT cut over: {report.To} is not what the final increment holds"
        : report.Ready ? $"{report.To} is ready to take over from {report.From}"
        : $"{report.To} follows {report.From}, but rounds do not get shorter";

    private static string? Next(MigrateReport report) =>
        report.CutOver ? $"Point the apps to {report.To} now, and let nothing write to {report.From} any more."
        : report.SourceDifferences.Count > 0 ? $"Stop what still writes to {report.From}, and run the same command again."
        : report.TargetDifferences.Count > 0 ? $"Let nothing write to {report.To} before the cut-over is done, and run the same command again."
        : report.PauseSeconds is not null ? null
        : report.Ready ? "With --cutover the pause will be about two rounds."
        : "With --cutover the pause will be longer than a round; begin when less is written.";
}
