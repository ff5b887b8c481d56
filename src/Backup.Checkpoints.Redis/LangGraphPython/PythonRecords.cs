using System.Globalization;
using System.Text.Json;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.LangGraph;

namespace Backup.Checkpoints.Redis.LangGraphPython;

/// <summary>
/// Documents of one of LangGraph's Python savers as records, and back (formats.md §3.1, §3.2). Every record has the saver's extra
/// with the rest of its document, so that it is never taken for another saver's. In it <c>null</c> stands for
/// what the record holds, <c>[]</c> for the same in quotes or in base64, and for <c>has_writes</c> as the writes say; an array of one item for what stood there.
/// </summary>
/// <param name="extra">The name of its extra.</param>
/// <param name="saver">The saver, for messages.</param>
internal sealed class PythonRecords(string extra, string saver)
{
    private static readonly ReadOnlyMemory<byte> Null = "null"u8.ToArray(), Coded = "[]"u8.ToArray();

    /// <summary>A checkpoint: its object as it stands, channel values included.</summary>
    public Checkpoint ReadCheckpoint(ReadOnlyMemory<byte> json, SaverSurroundings around)
    {
        var document = JsonMembers.Read(json);
        string ns = SaverKeys.Unsafe(document.Text("checkpoint_ns")), id = document.Text("checkpoint_id");
        var (envelope, envelopeMark) = Inner(document.Raw("checkpoint") ?? throw new RecordFormatException("no checkpoint"));
        var (metadata, metadataMark) = document.Raw("metadata") is { } said ? Inner(said) : ("{}"u8.ToArray(), default);
        var rest = document.With((name, value) => name switch
        {
            "thread_id" => Null,
            "checkpoint" => envelopeMark,
            "metadata" => metadataMark,
            "has_writes" => value.Span.SequenceEqual(HasWrites(around.HasWrites(ns, id))) ? Coded : Kept(value),
            _ => value,
        });
        return new()
        {
            Namespace = ns, CheckpointId = id, ParentId = document.Optional("parent_checkpoint_id") is { Length: > 0 } parent ? parent : null,
            Envelope = envelope, Metadata = metadata, Extra = Extra(Text(rest)),
        };
    }

    /// <summary>The document of a checkpoint.</summary>
    public byte[] Write(string thread, Checkpoint record, bool hasWrites) => JsonMembers.Read(Utf8(Said(record.Extra))).With((name, value) => name switch
    {
        "thread_id" => JsonText.Quote(thread),
        "checkpoint" => Outer(value, record.Envelope),
        "metadata" => Outer(value, record.Metadata),
        "has_writes" => value.Span.SequenceEqual(Coded.Span) ? HasWrites(hasWrites).ToArray() : value[1..^1],
        _ => value,
    });

    /// <summary>A channel value, which versions up to 0.3.6 keep apart.</summary>
    public ChannelBlob ReadBlob(ReadOnlyMemory<byte> json)
    {
        var document = JsonMembers.Read(json);
        var (value, mark) = Decoded(document.Raw("blob") ?? Null);
        return new()
        {
            Namespace = SaverKeys.Unsafe(document.Text("checkpoint_ns")), Channel = document.Text("channel"), Version = document.Text("version"), Type = document.Text("type"),
            Value = value.Length == 0 && document.Text("type") == "empty" ? (ReadOnlyMemory<byte>?)null : value, // an array's null would become empty memory
            Extra = Extra(Text(document.With((name, raw) => name switch { "thread_id" => Null, "blob" => mark, _ => raw }))),
        };
    }

    /// <summary>The document of a channel value.</summary>
    public byte[] Write(string thread, ChannelBlob record) => JsonMembers.Read(Utf8(Said(record.Extra))).With((name, raw) => name switch
    {
        "thread_id" => JsonText.Quote(thread),
        "blob" => Encoded(raw, record.Value ?? default),
        _ => raw,
    });

    /// <summary>A write, with its score in each sorted set that it is in: <c>SCORE</c> in the first, <c>SCORE@1</c> in the second, <c>-</c> for none.</summary>
    public PendingWrite ReadWrite(ReadOnlyMemory<byte> json, IReadOnlyList<(int Set, double Score)> scores)
    {
        var document = JsonMembers.Read(json);
        var index = document.Raw("idx") is { } raw && int.TryParse(Text(raw.Span), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw new RecordFormatException("idx is no number");
        var (value, mark) = Decoded(document.Raw("blob") ?? Null);
        var record = new PendingWrite
        {
            Namespace = SaverKeys.Unsafe(document.Text("checkpoint_ns")), CheckpointId = document.Text("checkpoint_id"), TaskId = document.Text("task_id"), Index = index,
            Channel = document.Text("channel"), Type = document.Optional("type"), Value = value, TaskPath = document.Optional("task_path") ?? "",
        };
        var place = scores.Count == 0 ? "-" : string.Join(',', scores.Select(s => s.Score.ToString("R", CultureInfo.InvariantCulture) + (s.Set == 0 ? "" : $"@{s.Set}")));
        return record with
        {
            Extra = Extra(Default(document.Text("thread_id"), record).AsSpan().SequenceEqual(json.Span) ? place
                : $"{place} {Text(document.With((name, raw) => name switch { "thread_id" => Null, "blob" => mark, _ => raw }))}"),
        };
    }

    /// <summary>The document of a write, and its score in each sorted set that it is in.</summary>
    public SaverWrite Write(string thread, PendingWrite record)
    {
        var said = Said(record.Extra).Split(' ', 2);
        var document = said is [_, var rest] ? JsonMembers.Read(Utf8(rest)).With((name, raw) => name switch { "thread_id" => JsonText.Quote(thread), "blob" => Encoded(raw, record.Value), _ => raw })
            : Default(thread, record);
        return new(document, record.Index.ToString(CultureInfo.InvariantCulture), said[0] == "-" ? [] : [.. said[0].Split(',').Select(s => s.Split('@') is [var score, var set] ? (int.Parse(set, CultureInfo.InvariantCulture), score) : (0, s))]);
    }

    private static byte[] Default(string thread, PendingWrite record) => JsonText.Object(
    [
        ("thread_id", JsonText.Quote(thread)), ("checkpoint_ns", JsonText.Quote(SaverKeys.Safe(record.Namespace))), ("checkpoint_id", JsonText.Quote(record.CheckpointId)), ("task_id", JsonText.Quote(record.TaskId)),
        ("task_path", JsonText.Quote(record.TaskPath)), ("idx", Utf8(record.Index.ToString(CultureInfo.InvariantCulture))), ("channel", JsonText.Quote(record.Channel)), ("type", JsonText.Quote(record.Type ?? "")),
        ("blob", Encoded(Coded, record.Value)),
    ]);

    // An object, or a text of one.
    private static (byte[] Text, ReadOnlyMemory<byte> Mark) Inner(ReadOnlyMemory<byte> raw)
    {
        if (raw.Span[0] == '{') return (raw.ToArray(), Null);
        if (raw.Span[0] != '"') throw new RecordFormatException("a checkpoint or its metadata is neither an object nor a text");
        var text = JsonSerializer.Deserialize<string>(raw.Span)!;
        JsonMembers.Read(Utf8(text));
        return (Utf8(text), JsonText.Quote(text).AsSpan().SequenceEqual(raw.Span) ? Coded : Kept(raw));
    }

    private static ReadOnlyMemory<byte> Outer(ReadOnlyMemory<byte> mark, ReadOnlyMemory<byte> text) =>
        mark.Span.SequenceEqual(Null.Span) ? text : mark.Span.SequenceEqual(Coded.Span) ? JsonText.Quote(Text(text.Span)) : mark[1..^1];

    // A value's bytes where they stand in base64, else the JSON that stands there.
    private static (byte[] Value, ReadOnlyMemory<byte> Mark) Decoded(ReadOnlyMemory<byte> raw)
    {
        if (raw.Span is [(byte)'"', .., (byte)'"'])
        {
            var coded = raw[1..^1];
            var bytes = new byte[coded.Length];
            if (Convert.TryFromBase64String(Text(coded.Span), bytes, out var length) && Encoded(Coded, bytes.AsMemory(0, length)).Span.SequenceEqual(raw.Span)) return (bytes[..length], Coded);
        }
        return (raw.ToArray(), Null);
    }

    private static ReadOnlyMemory<byte> Encoded(ReadOnlyMemory<byte> mark, ReadOnlyMemory<byte> value) => mark.Span.SequenceEqual(Coded.Span) ? Utf8($"\"{Convert.ToBase64String(value.Span)}\"") : value;

    private static ReadOnlyMemory<byte> Kept(ReadOnlyMemory<byte> raw) => (byte[])[(byte)'[', .. raw.Span, (byte)']'];

    private static ReadOnlySpan<byte> HasWrites(bool any) => any ? "true"u8 : "false"u8;

    private Dictionary<string, string> Extra(string said) => new() { [extra] = said };

    private string Said(IReadOnlyDictionary<string, string> extras) => extras.GetValueOrDefault(extra)
        ?? throw new RecordFormatException($"it was not written by {saver}, whose documents hold values as that saver alone prints them");

    private static string Text(ReadOnlySpan<byte> utf8) => System.Text.Encoding.UTF8.GetString(utf8);

    private static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
