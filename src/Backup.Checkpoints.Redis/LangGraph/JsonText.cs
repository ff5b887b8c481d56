using System.Buffers;
using System.Text.Json;
using Backup.Checkpoints.Encoding;

namespace Backup.Checkpoints.Redis.LangGraph;

/// <summary>Spells JSON texts anew without touching a number or a string: their tokens are copied.</summary>
internal static class JsonText
{
    public static readonly JsonReaderOptions Deep = new() { MaxDepth = 1024 };

    /// <summary>As RedisJSON prints: no blanks, members as they stand.</summary>
    public static byte[] Compact(ReadOnlySpan<byte> json) => Print(json, jsonb: false);

    /// <summary>As PostgreSQL prints a jsonb: blanks behind <c>:</c> and <c>,</c>, shorter names first.</summary>
    public static byte[] Jsonb(ReadOnlySpan<byte> json) => Print(json, jsonb: true);

    /// <summary>A JSON string, escaped as JSON.stringify does.</summary>
    public static byte[] Quote(string text) => System.Text.Encoding.UTF8.GetBytes($"\"{string.Concat(text.Select(c => c switch
    {
        '"' => "\\\"", '\\' => "\\\\", '\n' => "\\n", '\t' => "\\t", '\r' => "\\r", '\b' => "\\b", '\f' => "\\f", < ' ' => $"\\u{(int)c:x4}", _ => c.ToString(),
    }))}\"");

    /// <summary>An object of members in this order.</summary>
    public static byte[] Object(List<(string Name, ReadOnlyMemory<byte> Value)> parts)
    {
        var bytes = new List<byte>(256) { (byte)'{' };
        foreach (var (name, value) in parts)
        {
            if (bytes.Count > 1) bytes.Add((byte)',');
            bytes.AddRange(System.Text.Encoding.UTF8.GetBytes($"\"{name}\":"));
            bytes.AddRange(value.Span);
        }
        bytes.Add((byte)'}');
        return [.. bytes];
    }

    private static byte[] Print(ReadOnlySpan<byte> json, bool jsonb)
    {
        try
        {
            var reader = new Utf8JsonReader(json, Deep);
            reader.Read();
            var output = new ArrayBufferWriter<byte>(json.Length + 16);
            Print(ref reader, output, jsonb);
            if (reader.Read()) throw new RecordFormatException("more than one JSON value");
            return output.WrittenSpan.ToArray();
        }
        catch (JsonException error)
        {
            throw new RecordFormatException($"no JSON: {error.Message}");
        }
    }

    private static void Print(ref Utf8JsonReader reader, ArrayBufferWriter<byte> output, bool jsonb)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var members = new List<(byte[] Name, byte[] Text)>();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var member = new ArrayBufferWriter<byte>();
                    var name = jsonb ? System.Text.Encoding.UTF8.GetBytes(reader.GetString()!) : [];
                    Token(reader, member);
                    member.Write(jsonb ? ": "u8 : ":"u8);
                    reader.Read();
                    Print(ref reader, member, jsonb);
                    members.Add((name, member.WrittenSpan.ToArray()));
                }
                if (jsonb) members.Sort((a, b) => a.Name.Length != b.Name.Length ? a.Name.Length - b.Name.Length : a.Name.AsSpan().SequenceCompareTo(b.Name));
                output.Write("{"u8);
                for (var i = 0; i < members.Count; i++)
                {
                    if (i > 0) output.Write(jsonb ? ", "u8 : ","u8);
                    output.Write(members[i].Text);
                }
                output.Write("}"u8);
                break;
            case JsonTokenType.StartArray:
                output.Write("["u8);
                for (var first = true; reader.Read() && reader.TokenType != JsonTokenType.EndArray; first = false)
                {
                    if (!first) output.Write(jsonb ? ", "u8 : ","u8);
                    Print(ref reader, output, jsonb);
                }
                output.Write("]"u8);
                break;
            default:
                Token(reader, output);
                break;
        }
    }

    private static void Token(in Utf8JsonReader reader, ArrayBufferWriter<byte> output)
    {
        var quoted = reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName;
        if (quoted) output.Write("\""u8);
        output.Write(reader.ValueSpan);
        if (quoted) output.Write("\""u8);
    }
}
