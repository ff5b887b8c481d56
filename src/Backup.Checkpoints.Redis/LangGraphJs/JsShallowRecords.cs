using System.Globalization;
using Backup.Checkpoints.Closure;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.LangGraph;

namespace Backup.Checkpoints.Redis.LangGraphJs;

/// <summary>
/// Documents of LangGraph's JS saver that keeps the newest checkpoint, as records and back (formats.md §3.2). They hold all channel values; each
/// becomes a record of its own, as in the other stores. What a document says beyond its records stands in extra <see cref="Extras.Redis"/>,
/// marked as this saver's: nothing when it is as this class would write it for records that have none.
/// </summary>
internal static class JsShallowRecords
{
    /// <summary>What extras begin with that are of this saver.</summary>
    public const string Mark = "shallow ";

    /// <summary>The channel values in a checkpoint's document. One that came from records says of every other version that it has none, as these do.</summary>
    public static IReadOnlyList<ChannelBlob> ReadValues(ReadOnlyMemory<byte> json, SaverSurroundings around)
    {
        var document = JsonMembers.Read(json);
        var (ns, envelope) = (SaverKeys.Unsafe(document.Text("checkpoint_ns")), document.Object("checkpoint"));
        var values = Values(envelope);
        var blobs = JsRecords.Versions(envelope).Select(v => new ChannelBlob
        {
            Namespace = ns, Channel = v.Key, Version = v.Value, Type = values.ContainsKey(v.Key) ? "json" : "empty", Value = values.TryGetValue(v.Key, out var value) ? value : (ReadOnlyMemory<byte>?)null,
        }).ToList();
        var apart = blobs.Where(b => b.Value is not null).ToDictionary(b => (b.Channel, b.Version), b => Digest256.Of(b.Value!.Value.Span));
        var bare = ReadCheckpoint(json, around with { Value = (_, channel, version) => apart.TryGetValue((channel, version), out var digest) ? digest : null });
        return bare.Extra.Count == 0 ? blobs : blobs.FindAll(b => b.Value is not null);
    }

    /// <summary>A checkpoint without its channel values.</summary>
    public static Checkpoint ReadCheckpoint(ReadOnlyMemory<byte> json, SaverSurroundings around) => JsRecords.ReadCheckpoint(json, around, Mark,
        (thread, record, hasWrites) => Default(thread, record, hasWrites, Values(JsonMembers.Read(json).Object("checkpoint"))));

    /// <summary>The document of a checkpoint. <paramref name="value"/> has the text of a channel value, by channel and version.</summary>
    public static async Task<byte[]> WriteAsync(string thread, Checkpoint record, bool hasWrites, Func<string, string, Task<ReadOnlyMemory<byte>?>> value)
    {
        if (Said(record.Extra) is { } said) return await JsRecords.WriteAsync(thread, said, hasWrites, value);
        var values = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var (channel, version) in JsRecords.Versions(JsonMembers.Read(record.Envelope)))
            if (await value(channel, version) is { } text) values[channel] = text;
        return Default(thread, record, JsRecords.HasWrites(hasWrites), values);
    }

    /// <summary>
    /// A write, with its score in the sorted set if it is in it. The saver numbers writes as they stand in a call; where the others have a fixed
    /// index for the channel, the first write of a call gets that, and a later one is said so that no other store takes it for what it is not.
    /// </summary>
    public static PendingWrite ReadWrite(ReadOnlyMemory<byte> json, IReadOnlyList<(int Set, double Score)> scores)
    {
        var document = JsonMembers.Read(json);
        var (channel, own) = (document.Text("channel"), JsRecords.Number(document, "idx"));
        if (!int.TryParse(own, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index)) throw new RecordFormatException("idx is no number");
        var known = SpecialChannels.Index(channel);
        var record = new PendingWrite
        {
            Namespace = SaverKeys.Unsafe(document.Text("checkpoint_ns")), CheckpointId = document.Text("checkpoint_id"), TaskId = document.Text("task_id"), Index = index == 0 && known is { } first ? first : index,
            Channel = channel, Type = "json", Value = document.Raw("value") ?? JsRecords.Undefined,
        };
        var inSet = JsRecords.InSet(scores, own);
        var asUsual = Default(document.Text("thread_id"), record, own).AsSpan().SequenceEqual(json.Span);
        var elsewhere = index > 0 && known is not null;
        if (asUsual && inSet == "=" && record.Index == index && !elsewhere) return record;
        var rest = asUsual ? own : System.Text.Encoding.UTF8.GetString(document.With((name, value) => name is "thread_id" or "value" ? (ReadOnlyMemory<byte>)"null"u8.ToArray() : value));
        return record with { Extra = new Dictionary<string, string> { [elsewhere ? Extras.RedisShallow : Extras.Redis] = $"{Mark}{inSet} {rest}" } };
    }

    /// <summary>The document of a write, and its score in the sorted set if it is in it.</summary>
    public static SaverWrite Write(string thread, PendingWrite record)
    {
        var own = record.Index.ToString(CultureInfo.InvariantCulture);
        if (Said(record.Extra) is not { } said) return new(Default(thread, record, own), own, [(0, own)]);
        if (said.Split(' ', 2) is not [var inSet, var rest]) throw new RecordFormatException("a write's order is not as it should be");
        if (!rest.StartsWith('{')) return new(Default(thread, record, rest), rest, JsRecords.Scores(inSet, rest));
        var template = JsonMembers.Read(System.Text.Encoding.UTF8.GetBytes(rest));
        own = JsRecords.Number(template, "idx");
        return new(template.With((name, raw) => name switch { "thread_id" => JsonText.Quote(thread), "value" => record.Value, _ => raw }), own, JsRecords.Scores(inSet, own));
    }

    private static byte[] Default(string thread, Checkpoint record, string hasWrites, Dictionary<string, ReadOnlyMemory<byte>> values)
    {
        var versions = JsonMembers.Read(record.Envelope).Raw("channel_versions") is { } raw ? JsonMembers.Read(raw) : null;
        var inside = versions?.With((channel, _) => values.TryGetValue(channel, out var value) ? value : (ReadOnlyMemory<byte>?)null);
        return JsRecords.Default(thread, record, hasWrites, record.Namespace, inside is null ? "{}"u8 : inside);
    }

    private static byte[] Default(string thread, PendingWrite record, string index) => JsonText.Object(
    [
        ("thread_id", JsonText.Quote(thread)), ("checkpoint_ns", JsonText.Quote(record.Namespace)), ("checkpoint_id", JsonText.Quote(record.CheckpointId)), ("task_id", JsonText.Quote(record.TaskId)),
        ("idx", System.Text.Encoding.UTF8.GetBytes(index)), ("channel", JsonText.Quote(record.Channel)), ("type", JsonText.Quote(JsRecords.TypeOf(record.Value))), ("value", record.Value),
    ]);

    private static Dictionary<string, ReadOnlyMemory<byte>> Values(JsonMembers envelope)
    {
        var values = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        if (envelope.Raw("channel_values") is not { } raw) return values;
        var members = JsonMembers.Read(raw);
        foreach (var channel in members.Names) values[channel] = members.Raw(channel)!.Value;
        return values;
    }

    private static string? Said(IReadOnlyDictionary<string, string> extra)
    {
        if ((extra.GetValueOrDefault(Extras.RedisShallow) ?? extra.GetValueOrDefault(Extras.Redis)) is not { } said) return null;
        return said.StartsWith(Mark, StringComparison.Ordinal) ? said[Mark.Length..] : throw new RecordFormatException("it was written by LangGraph's JS saver that keeps all checkpoints, whose documents say what the shallow one's do not");
    }
}
