using System.Globalization;
using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>What a person reads about one thread.</summary>
internal static class ThreadText
{
    public static void Show(TextWriter writer, ThreadDelta delta)
    {
        writer.WriteLine($"thread {Plain.Text(delta.ThreadId)} is in {Human.Count(delta.Backups.Count, "backup")}");
        var table = new TextTable("BACKUP", "TRUE FOR", ">CHECKPOINTS", ">BLOBS", ">WRITES", ">SIZE", "DIGEST");
        foreach (var view in delta.Backups)
            table.Add(view.BackupId, Human.Time(view.CutTime), Human.Count(view.Checkpoints), Human.Count(view.Blobs), Human.Count(view.Writes), Human.Size(view.RawBytes), view.Digest[..Math.Min(12, view.Digest.Length)]);
        if (delta.Backups.Count > 0) table.Write(writer);
        writer.WriteLine($"captured: {(delta.Captured is { } captured ? Place(captured) : "nothing")}");
        writer.WriteLine($"pending: {Pending(delta.Pending)}");
    }

    public static void Captured(TextWriter writer, string thread, ThreadCapture captured)
    {
        writer.WriteLine($"thread {Plain.Text(thread)} is captured {Place(captured)}");
        writer.WriteLine($"  {Human.Count(captured.Checkpoints ?? 0, "checkpoint")}, digest {captured.Digest?[..Math.Min(12, captured.Digest.Length)] ?? "–"}");
    }

    private static string Place(ThreadCapture captured) => captured.BackupId is { } backup
        ? $"up to {Human.Time(captured.Time)} in backup {backup}{(captured.Exists == false ? ", where it was not there" : "")}"
        : $"up to {Human.Time(captured.Time)} in the change log, position {captured.Position}";

    private static string Pending(PendingChanges pending) => pending.State switch
    {
        PendingState.None => "nothing",
        PendingState.Pending => pending.Since is { } since ? $"changes since {Human.Time(since)}, {Human.Duration(pending.Seconds ?? 0)}" : "changes",
        PendingState.Lost => "what was not captured was lost with the silo that held the thread; it was not deleted",
        _ => pending.Seconds is { } seconds ? $"not known; nothing older than {Human.Duration(seconds)}" : "not known",
    };

    // To the last digit: what is typed as --at must not lie before the backup it is of.
    private static string Cut(DateTimeOffset? time) => time is { } cut ? RecoveryPoint.At(cut).ToString() : "–";

    public static void History(TextWriter writer, string thread, IReadOnlyList<CheckpointView> checkpoints)
    {
        writer.WriteLine($"thread {Plain.Text(thread)}: {Human.Count(checkpoints.Count, "checkpoint")}");
        var table = new TextTable("TIME", ">STEP", "SOURCE", ">WRITES", "CHECKPOINT", "PARENT", "FIRST IN BACKUP OF", "LAST", "NAMESPACE");
        foreach (var checkpoint in checkpoints)
            table.Add(checkpoint.Time is { } time ? Human.Time(time) : "–", checkpoint.Step?.ToString(CultureInfo.InvariantCulture) ?? "–", checkpoint.Source ?? "–",
                Human.Count(checkpoint.Writes), checkpoint.CheckpointId, checkpoint.ParentId ?? "–", checkpoint.FirstBackupId is null && checkpoint.LoggedFrom is { } came ? $"log {Human.Time(came)}" : Cut(checkpoint.FirstCutTime),
                checkpoint.InLatest ? "latest" : checkpoint.LastBackupId is null && checkpoint.LoggedFrom is not null ? (checkpoint.LoggedUntil is { } gone ? $"log {Human.Time(gone)}" : "log") : Cut(checkpoint.LastCutTime), checkpoint.Namespace);
        table.Write(writer);
    }
}
