using Backup.Contracts;

namespace Backup.Grains.Catalog;

/// <summary>Keeps answers with values of a thread within what one message may hold: a larger one would be lost without a word of why.</summary>
internal static class LargeAnswers
{
    // Orleans takes 100 MB a message, and a character may be three bytes.
    private const long MostCharacters = 32_000_000;
    private const long CharactersOfARecord = 300;

    public static StateView Fitting(StateView state) =>
        Fitting(state, state.Envelope.Text.Length + state.Metadata.Text.Length + state.Channels.Sum(Length) + state.Writes.Sum(w => (long)(w.Value?.Text.Length ?? 0)));

    public static ThreadDifference Fitting(ThreadDifference difference) => Fitting(difference,
        difference.Channels.Sum(c => Length(c.From) + Length(c.To)) + (CharactersOfARecord * (difference.Checkpoints.Count + difference.Writes.Count)));

    private static long Length(ChannelState? channel) => channel?.Value?.Text.Length ?? 0;

    private static T Fitting<T>(T answer, long characters) => characters <= MostCharacters ? answer
        : throw new BackupException(ErrorKind.Failed, $"the answer has {characters} characters, more than a cluster sends at once",
            "Run the same command where the archive can be read, with Backup:Cluster left out; or restore the thread and look at it there.");
}
