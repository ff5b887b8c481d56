using System.Globalization;
using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>What a person reads about one thread.</summary>
internal static class ThreadText
{
    public static void Show(TextWriter writer, string thread, IReadOnlyList<ThreadView> views)
    {
        writer.WriteLine($"thread {Plain.Text(thread)} is in {Human.Count(views.Count, "backup")}");
        var table = new TextTable("BACKUP", "TRUE FOR", ">CHECKPOINTS", ">BLOBS", ">WRITES", ">SIZE", "DIGEST");
        foreach (var view in views)
            table.Add(view.BackupId, Human.Time(view.CutTime), Human.Count(view.Checkpoints), Human.Count(view.Blobs), Human.Count(view.Writes), Human.Size(view.RawBytes), view.Digest[..Math.Min(12, view.Digest.Length)]);
        table.Write(writer);
    }

    // To the last digit: what is typed as --at must not lie before the backup it is of.
    private static string Cut(DateTimeOffset? time) => time is { } cut ? RecoveryPoint.At(cut).ToString() : "–";

    public static void History(TextWriter writer, string thread, IReadOnlyList<CheckpointView> checkpoints)
    {
        writer.WriteLine($"thread {Plain.Text(thread)}: {Human.Count(checkpoints.Count, "checkpoint")}");
        var table = new TextTable("TIME", ">STEP", "SOURCE", ">WRITES", "CHECKPOINT", "PARENT", "FIRST IN BACKUP OF", "LAST", "NAMESPACE");
        foreach (var checkpoint in checkpoints)
            table.Add(checkpoint.Time is { } time ? Human.Time(time) : "–", checkpoint.Step?.ToString(CultureInfo.InvariantCulture) ?? "–", checkpoint.Source ?? "–",
                Human.Count(checkpoint.Writes), checkpoint.CheckpointId, checkpoint.ParentId ?? "–", Cut(checkpoint.FirstCutTime), checkpoint.InLatest ? "latest" : Cut(checkpoint.LastCutTime), checkpoint.Namespace);
        table.Write(writer);
    }
}
