using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>Stored values as a person reads them: JSON as it is, cut where it is long; others by their type and size.</summary>
internal static class ValueText
{
    private const int MostCharacters = 120;

    public static string Of(ChannelState channel) => channel.Place switch
    {
        ChannelPlace.Delta => $"in {Human.Count(channel.AncestorWrites, "write")} of ancestors",
        ChannelPlace.None => "–",
        _ => Of(channel.Value, channel.Type, channel.Size),
    };

    public static string Of(JsonText? json, string? type, long size) => json is { } value ? Cut(value.Text) : $"{type ?? "no type"}, {Human.Size(size)}";

    public static string Cut(string text)
    {
        if (text.Length <= MostCharacters) return text;
        // A character of two parts is not cut in its middle.
        var length = char.IsHighSurrogate(text[MostCharacters - 1]) ? MostCharacters - 1 : MostCharacters;
        return $"{text[..length]}… ({Human.Count(text.Length)} characters)";
    }
}
