using Backup.Checkpoints.Encoding;

namespace Backup.Checkpoints.Model;

/// <summary>
/// Columns or fields this model does not know, carried as text under their names. Null is carried as absence, names are
/// in UTF-8 order, so that equal contents have equal bytes.
/// </summary>
public static class Extras
{
    /// <summary>What a document of LangGraph's JS saver in Redis says beyond the record (docs/redis.md).</summary>
    public const string Redis = "redis";

    /// <summary>The same where it is a write whose index another saver would misunderstand (docs/redis.md).</summary>
    public const string RedisShallow = "redis-shallow";

    /// <summary>What a document of LangGraph's Python saver in Redis says beyond the record; every record from there has it (docs/redis.md).</summary>
    public const string RedisPython = "redis-python";

    /// <summary>The same of the one that keeps the newest checkpoint.</summary>
    public const string RedisPythonShallow = "redis-python-shallow";

    /// <summary>No extras.</summary>
    public static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    internal static void Write(RecordBuffer buffer, IReadOnlyDictionary<string, string> extras)
    {
        buffer.Unsigned((ulong)extras.Count);
        foreach (var (name, value) in extras.OrderBy(e => e.Key, Comparer<string>.Create(Utf8Order.Compare)))
        {
            buffer.Text(name);
            buffer.Text(value);
        }
    }

    internal static IReadOnlyDictionary<string, string> Read(ref RecordReader reader)
    {
        var count = reader.Unsigned();
        if (count == 0) return None;
        var extras = new Dictionary<string, string>();
        for (ulong i = 0; i < count; i++)
        {
            var name = reader.Text();
            if (!extras.TryAdd(name, reader.Text())) throw new RecordFormatException($"field {name} stands twice in a record");
        }
        return extras;
    }
}
