using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>What a person reads about backups.</summary>
internal static class BackupText
{
    public static void Done(TextWriter writer, BackupSummary backup) => Details(backup, $"backup {backup.BackupId} of {backup.Source} is done and read back").Write(writer);

    public static void Show(TextWriter writer, BackupSummary backup) => Details(backup, $"backup {backup.BackupId} of {backup.Source}")
        .AddIf(backup.Supersedes is not null, "made of", () => $"{backup.Supersedes} and what that builds on; read in its place")
        .AddIf(backup.CutPosition is not null, "position", () => backup.CutPosition!)
        .Add("state root", backup.StateRoot)
        .Write(writer);

    public static void List(TextWriter writer, string archive, IReadOnlyList<BackupSummary> backups)
    {
        if (backups.Count == 0)
        {
            writer.WriteLine($"no backups in {archive}");
            return;
        }
        var table = new TextTable("BACKUP", "SOURCE", "STRATEGY", "TRUE FOR", ">THREADS", ">RECORDS", ">CAPTURED", ">STORED", "");
        foreach (var backup in backups)
            table.Add(backup.BackupId, backup.Source, backup.Strategy, Human.Time(backup.CutTime), Human.Count(backup.Threads), Human.Count(backup.Records),
                Human.Size(backup.RawBytes), Human.Size(backup.StoredBytes), backup.Warnings.Count == 0 ? "" : $"! {Human.Count(backup.Warnings.Count, "note")}");
        table.Write(writer);
    }

    private static Facts Details(BackupSummary backup, string heading) => new Facts(heading)
        .Add("strategy", backup.Strategy)
        .Add("true for", Human.Time(backup.CutTime))
        .Add("holds", $"{Human.Count(backup.Threads, "thread")}, {Human.Count(backup.Records, "record")}")
        .AddIf(backup.Expiring > 0, "expire", () => $"{Human.Count(backup.Expiring!.Value, "thread")}, each at its own time")
        .Add("size", $"{Human.Size(backup.RawBytes)} captured, {Human.Size(backup.StoredBytes)} stored ({Human.Ratio(backup.RawBytes, backup.StoredBytes)} smaller)")
        .Add("took", $"{Human.Duration(backup.Seconds)} ({Human.Rate(backup.RawBytes, backup.Seconds)})")
        .Notes(backup.Warnings);
}
