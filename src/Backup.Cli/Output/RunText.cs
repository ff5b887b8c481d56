using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>What a person reads about runs.</summary>
internal static class RunText
{
    public static void Admitted(TextWriter writer, RunStatus run)
    {
        writer.WriteLine($"run {run.RunId} is taken on: {What(run)}");
        writer.WriteLine($"  follow it with 'backup run watch {run.RunId}'");
    }

    public static void List(TextWriter writer, IReadOnlyList<RunStatus> runs)
    {
        if (runs.Count == 0)
        {
            writer.WriteLine("no runs");
            return;
        }
        var table = new TextTable("RUN", "KIND", "STORE", "ARCHIVE", "STARTED", "STATE");
        foreach (var run in runs) table.Add(run.RunId, Kind(run), run.Store, run.Archive, Human.Time(run.Started), StatusLine.Of(run));
        table.Write(writer);
    }

    public static void Show(TextWriter writer, RunStatus run)
    {
        new Facts($"run {run.RunId}: {What(run)}")
            .Add("state", StatusLine.Of(run))
            .Add("started", Human.Time(run.Started))
            .Add(run.IsFinished ? "ended" : "advanced", Human.Time(run.IsFinished ? run.Updated : run.Advanced))
            .AddIf(run.Shards > 0, "shards", () => $"{run.ShardsDone} of {run.Shards}")
            .AddIf(run.Epoch > 1, "owners", () => Human.Count(run.Epoch))
            .AddIf(run.Error is not null, "error", () => run.Error!)
            .AddIf(run.Hint is not null, "", () => run.Hint!)
            .Write(writer);
        if (run.Backup is { } backup) BackupText.Show(writer, backup);
        if (run.Restore is { } restore) RestoreText.Done(writer, restore);
        if (run.Compaction is { } compaction) CompactText.Write(writer, compaction);
    }

    private static string What(RunStatus run) => run.Kind switch
    {
        RunKind.Backup => $"backup of {run.Store} into {run.Archive}",
        RunKind.Restore => $"restore from {run.Archive} to {run.Store}",
        _ => $"compaction of {run.Store} in {run.Archive}",
    };

    private static string Kind(RunStatus run) => run.Kind.ToString().ToLowerInvariant();
}
