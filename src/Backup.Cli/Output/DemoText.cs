using Spectre.Console;

namespace Backup.Cli.Output;

/// <summary>The demonstration's summary: the story in five lines, and the one that counts at the end.</summary>
internal static class DemoText
{
    public static void Write(TextWriter writer, DemoSummary demo, bool terminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = terminal ? AnsiSupport.Detect : AnsiSupport.No,
            Interactive = InteractionSupport.No,
        });
        // Behind a pipe there is no width to fit into.
        if (!terminal) console.Profile.Width = 120;

        var steps = new Table().Border(TableBorder.Rounded).BorderColor(Color.Grey).HideHeaders()
            .AddColumn("").AddColumn("").AddColumn(new TableColumn("").RightAligned());
        Step(steps, "made", $"{Human.Count(demo.Threads, "thread")}, {Human.Count(demo.Checkpoints, "checkpoint")}, {Human.Count(demo.Records, "record")}, {Human.Size(demo.RawBytes)}", demo.FillSeconds);
        Step(steps, "backed up", $"{Human.Size(demo.StoredBytes)} stored, encrypted: {Human.Ratio(demo.RawBytes, demo.StoredBytes)} smaller", demo.BackupSeconds);
        Step(steps, "[red]lost[/]", $"the store destroyed: {Human.Count(demo.ThreadsAfterLoss, "thread")} left", null);
        Step(steps, "restored", $"{Human.Count(demo.ThreadsRestored, "thread")}, each compared with its digest", demo.RestoreSeconds);
        Step(steps, "one thread", $"{demo.OneThread} beside it: {Human.Size(demo.OneThreadBytesRead)} of the archive in {Human.Count(demo.OneThreadReads, "read")}", demo.OneThreadSeconds);
        Step(steps, "verified", demo.Findings == 0 ? $"every byte of {Human.Size(demo.VerifyBytesRead)}: nothing is wrong" : $"{Human.Count(demo.Findings, "finding")} of damage", demo.VerifySeconds);
        console.Write(steps);
        console.MarkupLine(demo.Exact && demo.Findings == 0
            ? $"  [green bold]exact[/]: all {Human.Count(demo.Threads)} threads are back as they were, to the byte, in {Human.Duration(demo.Seconds)} altogether"
            : "  [red bold]NOT exact[/]: what came back is not what was lost; this is a defect, please report it");
        if (demo.Archive is { } archive) console.MarkupLine($"  [grey]the archive is in {Markup.Escape(archive)}[/]");
    }

    private static void Step(Table table, string word, string text, double? seconds) =>
        table.AddRow($"[bold]{word}[/]", Markup.Escape(Plain.Text(text)), seconds is { } s ? $"[grey]{Human.Duration(s)}[/]" : "");
}
