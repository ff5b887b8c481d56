using System.Globalization;
using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>What a person reads about a thread's state.</summary>
internal static class ThreadStateText
{
    public static void Write(TextWriter writer, StateView state)
    {
        new Facts($"thread {state.ThreadId} at checkpoint {state.CheckpointId}")
            .Add("backup", $"{state.BackupId}, true for {Human.Time(state.CutTime)}")
            .AddIf(state.Namespace.Length > 0, "namespace", () => state.Namespace)
            .Add("parent", state.ParentId ?? "none")
            .AddIf(state.Time is not null, "time", () => Human.Time(state.Time!.Value))
            .Add("metadata", ValueText.Cut(state.Metadata.Text))
            .Add("envelope", ValueText.Cut(state.Envelope.Text))
            .Write(writer);
        if (state.Channels.Count > 0)
        {
            var channels = new TextTable("CHANNEL", "VERSION", "WHERE", "TYPE", ">SIZE", "VALUE");
            foreach (var channel in state.Channels)
                channels.Add(channel.Channel, channel.Version ?? "–", Where(channel.Place), channel.Type ?? "–", Human.Size(channel.Size), ValueText.Of(channel));
            channels.Write(writer);
        }
        writer.WriteLine(state.Writes.Count == 0 ? "no writes wait on it" : $"{Human.Count(state.Writes.Count, "write")} on it");
        if (state.Writes.Count == 0) return;
        var writes = new TextTable("TASK", ">INDEX", "CHANNEL", "TYPE", ">SIZE", "VALUE");
        foreach (var write in state.Writes)
            writes.Add(write.TaskId, write.Index.ToString(CultureInfo.InvariantCulture), write.Channel, write.Type ?? "–", Human.Size(write.Size), ValueText.Of(write.Value, write.Type, write.Size));
        writes.Write(writer);
    }

    private static string Where(ChannelPlace place) => place switch { ChannelPlace.Blob => "blob", ChannelPlace.Inline => "inline", ChannelPlace.Delta => "delta", _ => "–" };
}
