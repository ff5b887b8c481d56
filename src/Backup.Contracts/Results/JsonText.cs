using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace Backup.Contracts;

/// <summary>A JSON value as a store holds it, on one line. It is passed on verbatim: a number that is parsed and printed again may be another one.</summary>
/// <param name="Text">The JSON.</param>
[GenerateSerializer, Immutable, Alias("backup.JsonText"), JsonConverter(typeof(JsonTextConverter))]
public readonly record struct JsonText([property: Id(0)] string Text)
{
    // Only a value that nests deeper than any of LangGraph's is not shown.
    private const int MaxDepth = 10_000;

    /// <summary>Takes bytes that are one JSON value; null when they are not.</summary>
    public static JsonText? From(ReadOnlySpan<byte> bytes)
    {
        if (!Utf8.IsValid(bytes) || !IsValue(bytes)) return null;
        // Line ends stand between tokens only: in a string they are escaped.
        return new(Encoding.UTF8.GetString(bytes).Replace('\n', ' ').Replace('\r', ' ').Trim());
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static bool IsValue(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            var any = false;
            while (reader.Read()) any = true;
            return any;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

/// <summary>Writes a <see cref="JsonText"/> as the JSON it is.</summary>
public sealed class JsonTextConverter : JsonConverter<JsonText>
{
    /// <inheritdoc/>
    public override JsonText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var value = JsonDocument.ParseValue(ref reader);
        return new(value.RootElement.GetRawText());
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, JsonText value, JsonSerializerOptions options) => writer.WriteRawValue(value.Text, skipInputValidation: true);
}
