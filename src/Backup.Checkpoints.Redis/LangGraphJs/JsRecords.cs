using System.Globalization;
using Backup.Checkpoints.Closure;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.LangGraph;

namespace Backup.Checkpoints.Redis.LangGraphJs;

/// <summary>
/// Documents of LangGraph's JS saver as records, and back (formats.md §3.3, §6.1). What a document says beyond the record stands in extra
/// <see cref="Model.Extras.Redis"/>: nothing when the document is as this class would write it for a record that has none.
/// </summary>
internal static class JsRecords
{
    private static readonly ReadOnlyMemory<byte> Null = "null"u8.ToArray(), Absent = "[]"u8.ToArray();
    private static ReadOnlySpan<byte> Empty => "{}"u8;
    /// <summary>What stands for undefined in a record.</summary>
    public static readonly byte[] Undefined = """{"lc":2,"type":"undefined"}"""u8.ToArray();

    /// <summary>A checkpoint. Values that are also kept apart, with the same text, are left to the record of that value.</summary>
    public static Checkpoint ReadCheckpoint(ReadOnlyMemory<byte> json, SaverSurroundings around) => ReadCheckpoint(json, around, "", (thread, record, hasWrites) => Default(thread, record, hasWrites, SaverKeys.Safe(record.Namespace), Empty));

    /// <summary>A checkpoint of either saver: what its extra begins with, and the document of a record without one.</summary>
    public static Checkpoint ReadCheckpoint(ReadOnlyMemory<byte> json, SaverSurroundings around, string mark, Func<string, Checkpoint, string, byte[]> plain)
    {
        var document = JsonMembers.Read(json);
        string thread = document.Text("thread_id"), ns = SaverKeys.Unsafe(document.Text("checkpoint_ns")), id = document.Text("checkpoint_id");
        var envelope = document.Object("checkpoint");
        var versions = Versions(envelope);
        bool Apart(string channel, ReadOnlyMemory<byte> value) => versions.TryGetValue(channel, out var version) && around.Value(ns, channel, version) == Digest256.Of(value.Span);
        var record = new Checkpoint
        {
            Namespace = ns, CheckpointId = id, ParentId = document.Optional("parent_checkpoint_id"),
            Envelope = JsonText.Jsonb(envelope.With((name, value) =>
            {
                if (name != "channel_values") return value;
                var kept = JsonMembers.Read(value).With((channel, v) => Apart(channel, v) ? (ReadOnlyMemory<byte>?)null : v);
                return kept.Length > 2 ? kept : (ReadOnlyMemory<byte>?)null; // an array's null would become empty memory
            })),
            Metadata = JsonText.Jsonb(JsonMembers.Read(document.Raw("metadata") ?? Null).With((_, value) => value)),
        };
        var writes = document.Optional("has_writes") ?? "";
        if (writes == HasWrites(around.HasWrites(ns, id)) && plain(thread, record, writes).AsSpan().SequenceEqual(json.Span)) return record;
        var template = document.With((name, value) => name switch
        {
            "thread_id" => Null,
            "has_writes" when writes == HasWrites(around.HasWrites(ns, id)) => Absent,
            "checkpoint" => envelope.With((member, inner) => member != "channel_values" ? inner
                : JsonMembers.Read(inner).With((channel, v) => Apart(channel, v) ? Absent : (byte[])[(byte)'[', .. v.Span, (byte)']'])),
            _ => value,
        });
        return record with { Extra = Extras(mark + System.Text.Encoding.UTF8.GetString(template)) };
    }

    /// <summary>The document of a checkpoint. <paramref name="value"/> has the text of a channel value kept apart, by channel and version.</summary>
    public static async Task<byte[]> WriteAsync(string thread, Checkpoint record, bool hasWrites, Func<string, string, Task<ReadOnlyMemory<byte>?>> value) =>
        Said(record.Extra) is { } said ? await WriteAsync(thread, said, hasWrites, value) : Default(thread, record, HasWrites(hasWrites), SaverKeys.Safe(record.Namespace), Empty);

    /// <summary>The document of a checkpoint of either saver, from its extra.</summary>
    public static async Task<byte[]> WriteAsync(string thread, string said, bool hasWrites, Func<string, string, Task<ReadOnlyMemory<byte>?>> value)
    {
        var template = JsonMembers.Read(System.Text.Encoding.UTF8.GetBytes(said));
        var envelope = template.Object("checkpoint");
        var versions = Versions(envelope);
        var values = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        if (envelope.Raw("channel_values") is { } kept)
        {
            var members = JsonMembers.Read(kept);
            foreach (var channel in members.Names)
                values[channel] = members.Raw(channel)!.Value is var item && item.Length > 2 ? item[1..^1]
                    : await value(channel, versions.GetValueOrDefault(channel) ?? throw new RecordFormatException($"channel {channel} has no version"))
                    ?? throw new RecordFormatException($"the value of channel {channel}, version {versions[channel]}, is not there");
        }
        return template.With((name, raw) => name switch
        {
            "thread_id" => JsonText.Quote(thread),
            "has_writes" when raw.Span.SequenceEqual(Absent.Span) => JsonText.Quote(HasWrites(hasWrites)),
            "checkpoint" => envelope.With((member, inner) => member == "channel_values" ? JsonMembers.Read(inner).With((channel, _) => values[channel]) : inner),
            _ => raw,
        });
    }

    /// <summary>A channel value.</summary>
    public static ChannelBlob ReadBlob(ReadOnlyMemory<byte> json)
    {
        var document = JsonMembers.Read(json);
        var thread = document.Text("thread_id");
        var record = new ChannelBlob
        {
            Namespace = SaverKeys.Unsafe(document.Text("checkpoint_ns")), Channel = document.Text("channel"), Version = document.Text("version"),
            Type = document.Raw("value") is null ? "empty" : "json", Value = document.Raw("value"),
        };
        var by = document.Optional("checkpoint_id") ?? "";
        if (!by.StartsWith('{') && Default(thread, record, by).AsSpan().SequenceEqual(json.Span)) return by.Length == 0 ? record : record with { Extra = Extras(by) };
        return record with { Extra = Extras(System.Text.Encoding.UTF8.GetString(document.With((name, value) => name is "thread_id" or "value" ? Null : value))) };
    }

    /// <summary>The document of a channel value.</summary>
    public static byte[] Write(string thread, ChannelBlob record)
    {
        var said = Said(record.Extra) ?? "";
        return !said.StartsWith('{') ? Default(thread, record, said)
            : JsonMembers.Read(System.Text.Encoding.UTF8.GetBytes(said)).With((name, raw) => name switch { "thread_id" => JsonText.Quote(thread), "value" => record.Value, _ => raw });
    }

    /// <summary>A write, with its score in the sorted set if it is in it.</summary>
    public static PendingWrite ReadWrite(ReadOnlyMemory<byte> json, IReadOnlyList<(int Set, double Score)> scores)
    {
        var document = JsonMembers.Read(json);
        var thread = document.Text("thread_id");
        var index = Number(document, "idx") is var text && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw new RecordFormatException("idx is no number");
        var record = new PendingWrite
        {
            Namespace = SaverKeys.Unsafe(document.Text("checkpoint_ns")), CheckpointId = document.Text("checkpoint_id"), TaskId = document.Text("task_id"), Index = index,
            Channel = document.Text("channel"), Type = "json", Value = document.Raw("value") ?? Undefined,
        };
        var (timestamp, order) = (Number(document, "timestamp"), Number(document, "global_idx"));
        var inSet = InSet(scores, order);
        if (Default(thread, record, timestamp, order).AsSpan().SequenceEqual(json.Span))
            return inSet == "=" && (timestamp, order) == Order(record) ? record : record with { Extra = Extras($"{inSet} {timestamp} {order}") };
        return record with { Extra = Extras($"{inSet} {System.Text.Encoding.UTF8.GetString(document.With((name, value) => name is "thread_id" or "value" ? Null : value))}") };
    }

    /// <summary>The document of a write, and its score in the sorted set if it is in it.</summary>
    public static SaverWrite Write(string thread, PendingWrite record)
    {
        var index = record.Index.ToString(CultureInfo.InvariantCulture);
        if (Said(record.Extra) is not { } said)
        {
            var own = Order(record);
            return new(Default(thread, record, own.Timestamp, own.Index), index, [(0, own.Index)]);
        }
        if (said.Split(' ', 2) is not [var inSet, var rest]) throw new RecordFormatException("a write's order is not as it should be");
        byte[] document;
        string order;
        if (rest.StartsWith('{'))
        {
            var template = JsonMembers.Read(System.Text.Encoding.UTF8.GetBytes(rest));
            document = template.With((name, raw) => name switch { "thread_id" => JsonText.Quote(thread), "value" => record.Value, _ => raw });
            order = Number(template, "global_idx");
        }
        else
        {
            if (rest.Split(' ') is not [var timestamp, var last]) throw new RecordFormatException("a write's order is not as it should be");
            (document, order) = (Default(thread, record, timestamp, last), last);
        }
        return new(document, index, Scores(inSet, order));
    }

    /// <summary>Where a write stands in its sorted set: <c>-</c> not in it, <c>=</c> by the number it has itself, or the score.</summary>
    public static string InSet(IReadOnlyList<(int Set, double Score)> scores, string own) => scores is not [var (_, score)] ? "-"
        : double.TryParse(own, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number.Equals(score) ? "=" : score.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>The same as a score.</summary>
    public static IReadOnlyList<(int Set, string Score)> Scores(string inSet, string own) => inSet switch { "-" => [], "=" => [(0, own)], _ => [(0, inSet)] };

    /// <summary>The document of a checkpoint that says nothing beyond its record.</summary>
    public static byte[] Default(string thread, Checkpoint record, string hasWrites, string ns, ReadOnlySpan<byte> values)
    {
        var envelope = JsonMembers.Read(JsonText.Compact(record.Envelope.Span));
        var metadata = JsonMembers.Read(JsonText.Compact(record.Metadata.Span));
        var text = envelope.With((_, value) => value);
        if (envelope.Raw("channel_values") is null) text = [.. text.AsSpan(..^1), .. envelope.Count > 0 ? ","u8 : [], .. "\"channel_values\":"u8, .. values, (byte)'}'];
        var parts = new List<(string, ReadOnlyMemory<byte>)>
        {
            ("thread_id", JsonText.Quote(thread)), ("checkpoint_ns", JsonText.Quote(ns)), ("checkpoint_id", JsonText.Quote(record.CheckpointId)),
            ("parent_checkpoint_id", record.ParentId is { } parent ? JsonText.Quote(parent) : Null), ("checkpoint", text), ("metadata", metadata.With((_, value) => value)),
            ("checkpoint_ts", Utf8(Milliseconds(record.CheckpointId))), ("has_writes", JsonText.Quote(hasWrites)),
        };
        foreach (var name in new[] { "source", "step" })
            if (metadata.Raw(name) is { } value) parts.Add((name, value));
        return JsonText.Object(parts);
    }

    private static byte[] Default(string thread, ChannelBlob record, string checkpoint)
    {
        var parts = new List<(string, ReadOnlyMemory<byte>)>
        {
            ("thread_id", JsonText.Quote(thread)), ("checkpoint_ns", JsonText.Quote(SaverKeys.Safe(record.Namespace))), ("checkpoint_id", JsonText.Quote(checkpoint)),
            ("channel", JsonText.Quote(record.Channel)), ("version", JsonText.Quote(record.Version)), ("type", JsonText.Quote(record.Type)),
        };
        if (record.Value is { } value) parts.Add(("value", value));
        return JsonText.Object(parts);
    }

    private static byte[] Default(string thread, PendingWrite record, string timestamp, string order) => JsonText.Object(
    [
        ("thread_id", JsonText.Quote(thread)), ("checkpoint_ns", JsonText.Quote(record.Namespace)), ("checkpoint_id", JsonText.Quote(record.CheckpointId)), ("task_id", JsonText.Quote(record.TaskId)),
        ("idx", Utf8(record.Index.ToString(CultureInfo.InvariantCulture))), ("channel", JsonText.Quote(record.Channel)),
        ("type", JsonText.Quote(TypeOf(record.Value))), ("value", record.Value), ("timestamp", Utf8(timestamp)), ("global_idx", Utf8(order)),
    ]);

    /// <summary>The type the savers name for a write's value.</summary>
    public static string TypeOf(ReadOnlyMemory<byte> value) => value.Span is [(byte)'{' or (byte)'[' or (byte)'n', ..] ? "json" : "string";

    // The saver reads writes by global_idx, PostgreSQL by task and index: the number orders like these, and before any that the saver counts itself.
    private static (string Timestamp, string Index) Order(PendingWrite record)
    {
        long task = 0;
        var bytes = Guid.TryParse(record.TaskId, out var id) ? id.ToByteArray(bigEndian: true) : [.. System.Text.Encoding.UTF8.GetBytes(record.TaskId), 0, 0, 0, 0, 0];
        foreach (var b in bytes.AsSpan(0, 5)) task = task << 8 | b;
        return ("0", ((task << 12) + Math.Clamp(record.Index + 8, 0, 4095) - (1L << 53) + 1).ToString(CultureInfo.InvariantCulture));
    }

    // Checkpoints of one millisecond are told apart by the counter in their ids.
    private static string Milliseconds(string id) => CheckpointTime.Read(id) is not { } time ? "0"
        : (time.ToUnixTimeMilliseconds() + Math.Min((time.Ticks - DateTimeOffset.UnixEpoch.Ticks) % TimeSpan.TicksPerMillisecond, 4095) / 4096.0).ToString("R", CultureInfo.InvariantCulture);

    /// <summary>The version of each channel.</summary>
    public static Dictionary<string, string> Versions(JsonMembers envelope)
    {
        var versions = new Dictionary<string, string>(StringComparer.Ordinal);
        if (envelope.Raw("channel_versions") is not { } raw) return versions;
        var members = JsonMembers.Read(raw);
        foreach (var channel in members.Names)
            versions[channel] = members.Raw(channel)!.Value.Span[0] == '"' ? members.Text(channel) : System.Text.Encoding.UTF8.GetString(members.Raw(channel)!.Value.Span);
        return versions;
    }

    /// <summary>The text of a member that is a number; nothing when there is none.</summary>
    public static string Number(JsonMembers document, string name) => document.Raw(name) is { } raw ? System.Text.Encoding.UTF8.GetString(raw.Span) : "";

    private static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    /// <summary>As the savers spell it.</summary>
    public static string HasWrites(bool any) => any ? "true" : "false";

    private static Dictionary<string, string> Extras(string said) => new() { [Model.Extras.Redis] = said };

    private static string? Said(IReadOnlyDictionary<string, string> extra)
    {
        var said = extra.GetValueOrDefault(Model.Extras.Redis);
        if (said?.StartsWith(JsShallowRecords.Mark, StringComparison.Ordinal) == true) throw new RecordFormatException("it was written by LangGraph's JS shallow saver, whose documents say what this one's do not");
        return said;
    }
}
