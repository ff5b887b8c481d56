using System.Text.Json;
using Backup.Checkpoints.Encoding;

namespace Backup.Checkpoints.Closure;

/// <summary>The channel values that stand in a checkpoint's envelope itself (formats.md §2.3).</summary>
public static class InlineValues
{
    /// <summary>Each channel with the JSON of its value, which is the envelope's memory; null is a value.</summary>
    /// <exception cref="RecordFormatException">The envelope is not a JSON object.</exception>
    public static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Read(ReadOnlyMemory<byte> envelope)
    {
        var values = new Dictionary<string, ReadOnlyMemory<byte>>();
        try
        {
            var reader = new Utf8JsonReader(envelope.Span, new JsonReaderOptions { MaxDepth = 1024 });
            reader.Read();
            while (NextMember(ref reader, out var name))
            {
                if (name != "channel_values" || reader.TokenType != JsonTokenType.StartObject) reader.Skip();
                else
                {
                    while (NextMember(ref reader, out var channel))
                    {
                        var start = (int)reader.TokenStartIndex;
                        reader.Skip();
                        values[channel] = envelope[start..(int)reader.BytesConsumed];
                    }
                }
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new RecordFormatException($"an envelope is not JSON as LangGraph writes it: {error.Message}");
        }
        return values;
    }

    private static bool NextMember(ref Utf8JsonReader reader, out string name)
    {
        name = "";
        if (!reader.Read() || reader.TokenType != JsonTokenType.PropertyName) return false;
        name = reader.GetString()!;
        return reader.Read();
    }
}
