using System.Buffers;
using System.Text.Json;
using Backup.Checkpoints.Encoding;

namespace Backup.Checkpoints.Redis.LangGraph;

/// <summary>The members of a JSON object in their order, each with the text of its value.</summary>
internal sealed class JsonMembers
{
    private readonly List<(string Name, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value)> members = [];

    /// <summary>Takes an object apart; the texts are memory of <paramref name="json"/>.</summary>
    /// <exception cref="RecordFormatException">It is no object.</exception>
    public static JsonMembers Read(ReadOnlyMemory<byte> json)
    {
        var result = new JsonMembers();
        try
        {
            var reader = new Utf8JsonReader(json.Span, JsonText.Deep);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new RecordFormatException("no JSON object where LangGraph has one");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var key = json.Slice((int)reader.TokenStartIndex, reader.ValueSpan.Length + 2);
                var name = reader.GetString()!;
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                result.members.Add((name, key, json[start..(int)reader.BytesConsumed]));
            }
            return result;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new RecordFormatException($"no JSON as LangGraph writes it: {error.Message}");
        }
    }

    public int Count => members.Count;

    public IEnumerable<string> Names => members.Select(m => m.Name);

    /// <summary>The text of a member; null when there is none.</summary>
    public ReadOnlyMemory<byte>? Raw(string name)
    {
        foreach (var member in members)
            if (member.Name == name) return member.Value;
        return null;
    }

    /// <summary>A member that must be a string.</summary>
    public string Text(string name) => Optional(name) ?? throw new RecordFormatException($"no text {name}");

    /// <summary>A member that is a string or null, or is not there.</summary>
    public string? Optional(string name)
    {
        if (Raw(name) is not { } raw || raw.Span.SequenceEqual("null"u8)) return null;
        return raw.Span[0] == '"' ? JsonSerializer.Deserialize<string>(raw.Span) : throw new RecordFormatException($"{name} is no text");
    }

    /// <summary>A member that must be a JSON object or array.</summary>
    public JsonMembers Object(string name) => Raw(name) is { } raw ? Read(raw) : throw new RecordFormatException($"no {name}");

    /// <summary>The object without blanks, each value as <paramref name="change"/> has it; a null leaves the member out.</summary>
    public byte[] With(Func<string, ReadOnlyMemory<byte>, ReadOnlyMemory<byte>?> change)
    {
        var output = new ArrayBufferWriter<byte>();
        output.Write("{"u8);
        foreach (var (name, key, value) in members)
        {
            if (change(name, value) is not { } text) continue;
            if (output.WrittenCount > 1) output.Write(","u8);
            output.Write(key.Span);
            output.Write(":"u8);
            output.Write(text.Span);
        }
        output.Write("}"u8);
        return output.WrittenSpan.ToArray();
    }
}
