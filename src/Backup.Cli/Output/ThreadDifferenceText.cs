using System.Globalization;
using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>What a person reads about the changes of a thread.</summary>
internal static class ThreadDifferenceText
{
    public static void Write(TextWriter writer, ThreadDifference difference)
    {
        var facts = new Facts($"thread {difference.ThreadId} {Became(difference.Change)}").Add("from", Side(difference.From)).Add("to", Side(difference.To));
        foreach (var kind in difference.Records)
            facts.Add(kind.Kind, $"{Human.Count(kind.Came)} came, {Human.Count(kind.Went)} went, {Human.Count(kind.Changed)} changed: {Human.Size(kind.BytesCame)} more, {Human.Size(kind.BytesWent)} less");
        facts.Write(writer);
        if (difference.Checkpoints.Count > 0)
        {
            var checkpoints = new TextTable("CHECKPOINT", "TIME", ">STEP", "SOURCE", "ID", "NAMESPACE");
            foreach (var c in difference.Checkpoints)
                checkpoints.Add(Became(c.Change), c.Time is { } time ? Human.Time(time) : "–", c.Step?.ToString(CultureInfo.InvariantCulture) ?? "–", c.Source ?? "–", c.CheckpointId, c.Namespace);
            checkpoints.Write(writer);
        }
        foreach (var channel in difference.Channels)
            new Facts($"channel {channel.Channel}").Add("from", Value(channel.From)).Add("to", Value(channel.To)).Write(writer);
        if (difference.Writes.Count == 0) return;
        var writes = new TextTable("WRITE", "CHANNEL", ">SIZE", ">INDEX", "TASK", "CHECKPOINT", "NAMESPACE");
        foreach (var w in difference.Writes)
            writes.Add(Became(w.Change), w.Channel, Human.Size(w.Size), w.Index.ToString(CultureInfo.InvariantCulture), w.TaskId, w.CheckpointId, w.Namespace);
        writes.Write(writer);
    }

    private static string Side(ThreadSide side) =>
        $"{Human.Time(side.CutTime)}, {(side.CheckpointId is { } id ? $"checkpoint {id}" : "no checkpoint")}, {Human.Count(side.Records, "record")}, {Human.Size(side.RawBytes)} (backup {side.BackupId})";

    private static string Value(ChannelState? channel) => channel is null ? "not there" : ValueText.Of(channel);

    private static string Became(ThreadChange change) => change switch { ThreadChange.Created => "was created", ThreadChange.Deleted => "was deleted", ThreadChange.Changed => "changed", _ => "is the same" };

    private static string Became(RecordChange change) => change switch { RecordChange.Came => "came", RecordChange.Went => "went", _ => "changed" };
}
