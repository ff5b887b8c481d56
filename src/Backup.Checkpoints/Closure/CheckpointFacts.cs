using System.Text.Json;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Closure;

/// <summary>What a checkpoint says about the other records it needs, read from its envelope and metadata without decoding a value.</summary>
public sealed class CheckpointFacts
{
    /// <summary>Namespace.</summary>
    public required string Namespace { get; init; }
    /// <summary>Id.</summary>
    public required string CheckpointId { get; init; }
    /// <summary>Parent id, or null.</summary>
    public string? ParentId { get; init; }
    /// <summary>Format version <c>v</c>; 0 when absent.</summary>
    public int Version { get; private set; }
    /// <summary>The channels' versions.</summary>
    public List<ChannelVersion> Channels { get; } = [];
    /// <summary>Channels whose value stands in the envelope itself and is not null (formats.md §2.3).</summary>
    public HashSet<string> Inline { get; } = [];
    /// <summary>Channels whose state lies in the writes of ancestors since their last snapshot (formats.md §6.3, 4).</summary>
    public HashSet<string> Delta { get; } = [];
    /// <summary>Metadata <c>parents</c>: namespace to the checkpoint this one ran under.</summary>
    public Dictionary<string, string> Parents { get; } = [];
    /// <summary>Metadata <c>source</c>.</summary>
    public string? Source { get; private set; }
    /// <summary>Metadata <c>step</c>.</summary>
    public int? Step { get; private set; }

    /// <summary>
    /// True when every version has a record of its value, of type <c>empty</c> where there is none: so in PostgreSQL by the JS package, whose
    /// versions are whole numbers. Its Redis savers and the Python package keep none for a channel without a value (formats.md §0, 7 and §3.3).
    /// </summary>
    public bool KeepsEmpty { get; init; }

    /// <summary>Reads the facts of a record.</summary>
    /// <exception cref="RecordFormatException">Envelope or metadata are not JSON objects.</exception>
    public static CheckpointFacts Read(Checkpoint checkpoint)
    {
        var facts = new CheckpointFacts { Namespace = checkpoint.Namespace, CheckpointId = checkpoint.CheckpointId, ParentId = checkpoint.ParentId, KeepsEmpty = !checkpoint.Extra.Keys.Any(k => k is Extras.Redis or Extras.RedisPython or Extras.RedisPythonShallow) };
        try
        {
            facts.ReadEnvelope(checkpoint.Envelope.Span);
            facts.ReadMetadata(checkpoint.Metadata.Span);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new RecordFormatException($"checkpoint {checkpoint.CheckpointId} is not JSON as LangGraph writes it: {error.Message}");
        }
        return facts;
    }

    private static Utf8JsonReader Open(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 1024 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException("it is no object");
        return reader;
    }

    // Moves to the value of the next member; false at the object's end.
    private static bool NextMember(ref Utf8JsonReader reader, out string name)
    {
        name = "";
        if (!reader.Read() || reader.TokenType != JsonTokenType.PropertyName) return false;
        name = reader.GetString()!;
        return reader.Read();
    }

    private void ReadEnvelope(ReadOnlySpan<byte> json)
    {
        var reader = Open(json);
        while (NextMember(ref reader, out var name))
        {
            if (name == "v" && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var version)) Version = version;
            else if (name == "channel_versions" && reader.TokenType == JsonTokenType.StartObject) ReadVersions(ref reader);
            else if (name == "channel_values" && reader.TokenType == JsonTokenType.StartObject) ReadInline(ref reader);
            else reader.Skip();
        }
    }

    private void ReadVersions(ref Utf8JsonReader reader)
    {
        while (NextMember(ref reader, out var channel))
        {
            if (reader.TokenType == JsonTokenType.String) Channels.Add(new(channel, reader.GetString()!, false));
            else if (reader.TokenType == JsonTokenType.Number)
                Channels.Add(new(channel, System.Text.Encoding.UTF8.GetString(reader.ValueSpan), reader.TryGetInt64(out _)));
            reader.Skip();
        }
    }

    private void ReadInline(ref Utf8JsonReader reader)
    {
        while (NextMember(ref reader, out var channel))
        {
            if (reader.TokenType != JsonTokenType.Null) Inline.Add(channel);
            reader.Skip();
        }
    }

    private void ReadMetadata(ReadOnlySpan<byte> json)
    {
        var reader = Open(json);
        while (NextMember(ref reader, out var name))
        {
            if (name == "source" && reader.TokenType == JsonTokenType.String) Source = reader.GetString();
            else if (name == "step" && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var step)) Step = step;
            else if (name == "parents" && reader.TokenType == JsonTokenType.StartObject)
            {
                while (NextMember(ref reader, out var ns))
                {
                    if (reader.TokenType == JsonTokenType.String) Parents[ns] = reader.GetString()!;
                    reader.Skip();
                }
            }
            else if (name == "counters_since_delta_snapshot" && reader.TokenType == JsonTokenType.StartObject) ReadCounters(ref reader);
            else reader.Skip();
        }
    }

    // {channel: [updates, supersteps]}: a channel counts when it had updates since its snapshot.
    private void ReadCounters(ref Utf8JsonReader reader)
    {
        while (NextMember(ref reader, out var channel))
        {
            if (reader.TokenType == JsonTokenType.StartArray)
            {
                var any = false;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    any |= reader.TokenType == JsonTokenType.Number && reader.GetDouble() != 0;
                    reader.Skip();
                }
                if (any) Delta.Add(channel);
            }
            else reader.Skip();
        }
    }
}
