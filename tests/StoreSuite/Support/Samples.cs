using System.Text;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using CsCheck;

namespace Backup.Tests.StoreSuite.Support;

/// <summary>Records as LangGraph's savers leave them, and records as nobody would expect them.</summary>
internal static class Samples
{
    /// <summary>Ids that break quoting, collation and order, and text beyond the basic plane.</summary>
    public static readonly string[] OddIds =
    [
        "", " ", "a", "A", "á", "B", "b", "Ä", "z", "ß", "ss", "I", "ı", "i", "İ", "-", "_", "%", "it's", "say \"so\"", "back\\slash", "\\x41", "new\nline", "tab\t", "bell\u0007", "\u007f", "del\u0080",
        "a/b|c:d", "{curly}", "(round)", "[1,2]", "NULL", "null", "$1", "{}", "\\N", "\\.", ";--", "漢字", "🧵", "🧵a", "\uffff", "\ue000", "\U0010ffff", "e\u0301", "é", "\u202eright", "0", "00", "9", "10", new('x', 600),
    ];

    private static readonly Gen<string> Word = Gen.OneOf(OneOf(OddIds), Gen.String[Gen.Char.AlphaNumeric, 1, 12]);
    private static readonly Gen<byte[]> Value = Gen.Frequency((9, Gen.Byte.Array[0, 200]), (1, Gen.Byte.Array[8000, 20_000]));
    private static readonly Gen<string> Json = Word.Select(w => $$"""{"n": 1.50, "id": {{Quote(w)}}}""");
    private static readonly Gen<string> Type = OneOf("json", "msgpack", "bytes", "null", "msgpack+aes");

    /// <summary>Any record of a thread.</summary>
    public static readonly Gen<Action<RecordBuffer>> Record = Gen.OneOf(
        Gen.Select(Word, Word, Gen.Null(Word), Json, Json, (ns, id, parent, e, m) => (Action<RecordBuffer>)new Checkpoint { Namespace = ns, CheckpointId = id, ParentId = parent, Envelope = Utf8(e), Metadata = Utf8(m) }.Encode),
        Gen.Select(Word, Word, Word, Type, Gen.Null(Value), (ns, c, v, t, b) => (Action<RecordBuffer>)new ChannelBlob { Namespace = ns, Channel = c, Version = v, Type = b is null ? "empty" : t, Value = b is null ? (ReadOnlyMemory<byte>?)null : b.AsMemory() }.Encode),
        Gen.Select(Word, Word, Word, Gen.Int, Gen.Null(Type), Value, Word, (ns, c, t, i, type, b, path) => (Action<RecordBuffer>)new PendingWrite { Namespace = ns, CheckpointId = c, TaskId = t, Index = i, Channel = "m", Type = type, Value = b, TaskPath = path }.Encode));

    /// <summary>A store of a few threads.</summary>
    public static readonly Gen<Contents> Store = Gen.Select(Word, Record.Array[1, 8]).Array[0, 12].Select(threads =>
    {
        var contents = new Contents();
        foreach (var (id, records) in threads) contents.Put(UnitId.Thread(id), records);
        return contents;
    });

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    /// <summary>A thread with as many steps, each with a blob, a checkpoint and writes; for a store without history each in a namespace of its own.</summary>
    public static Contents Thread(Contents contents, string id, int steps, string text = "x", bool history = true) =>
        contents.Put(UnitId.Thread(id), Enumerable.Range(1, steps).SelectMany(step =>
        {
            var ns = history || step == 1 ? "" : $"step{step}";
            return new Action<RecordBuffer>[]
            {
                Blob("messages", $"{step}", $"\"{text}{step}\"", ns),
                Checkpoint($"c{step:d5}", step > 1 ? $"c{step - 1:d5}" : null, $$$"""{"v": 4, "channel_versions": {"messages": {{{step}}}}}""", ns),
                Write($"c{step:d5}", 0, "messages", "\"w\"", ns: ns),
                Write($"c{step:d5}", -3, "__interrupt__", "[]", ns: ns),
            };
        }).ToArray());

    public static Action<RecordBuffer> Checkpoint(string id, string? parent = null, string envelope = """{"v": 4}""", string ns = "") =>
        new Checkpoint { Namespace = ns, CheckpointId = id, ParentId = parent, Envelope = Utf8(envelope), Metadata = Utf8("{}") }.Encode;

    public static Action<RecordBuffer> Blob(string channel, string version, string? value, string ns = "", string type = "json") =>
        new ChannelBlob { Namespace = ns, Channel = channel, Version = version, Type = value is null ? "empty" : type, Value = value is null ? (ReadOnlyMemory<byte>?)null : Utf8(value) }.Encode;

    public static Action<RecordBuffer> Write(string checkpoint, int index, string channel, string value, string path = "", string ns = "") =>
        new PendingWrite { Namespace = ns, CheckpointId = checkpoint, TaskId = "task", Index = index, Channel = channel, Type = "json", Value = Utf8(value), TaskPath = path }.Encode;

    /// <summary>A JSON string as PostgreSQL prints it in a jsonb.</summary>
    public static string Quote(string text) => $"\"{string.Concat(text.Select(c => c switch
    {
        '"' => "\\\"", '\\' => "\\\\", '\n' => "\\n", '\t' => "\\t", '\r' => "\\r", '\b' => "\\b", '\f' => "\\f", < ' ' => $"\\u{(int)c:x4}", _ => c.ToString(),
    }))}\"";

    public static ReadOnlyMemory<byte> Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
