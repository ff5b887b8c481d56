using System.Runtime.CompilerServices;
using Backup.Storage;

namespace Backup.Tests.Unit.Compaction;

/// <summary>Objects in memory, a run's apart from another's, so that a listing does not go through those of ten thousand. Remembers which were read.</summary>
internal sealed class SplitStorage : IBackupStorage
{
    private readonly SortedDictionary<string, MemoryStorage> parts = new(StringComparer.Ordinal);

    public string Location => "memory";

    /// <summary>Names of the objects read since it was cleared.</summary>
    public HashSet<string> Read { get; } = new(StringComparer.Ordinal);

    public long Objects => parts.Values.Sum(p => (long)p.Objects.Count);

    public long Bytes => parts.Values.Sum(p => p.Objects.Values.Sum(o => (long)o.Length));

    public ValueTask<IObjectWriter> CreateAsync(string name, CancellationToken cancellation)
    {
        lock (parts)
        {
            if (!parts.TryGetValue(PartOf(name), out var part)) parts[PartOf(name)] = part = new();
            return part.CreateAsync(name, cancellation);
        }
    }

    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        lock (parts)
        {
            Read.Add(name);
            return parts.TryGetValue(PartOf(name), out var part) ? part.ReadAsync(name, offset, buffer, cancellation) : throw new ObjectNotFoundException(name);
        }
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        List<MemoryStorage> among;
        lock (parts) among = parts.TryGetValue(PartOf(prefix), out var one) ? [one] : prefix.Contains('/', StringComparison.Ordinal) && PartOf(prefix) != "runs/" ? [] : [.. parts.Values];
        foreach (var part in among)
            await foreach (var item in part.ListAsync(prefix, cancellation)) yield return item;
    }

    public ValueTask DeleteAsync(string name, CancellationToken cancellation) => parts[PartOf(name)].DeleteAsync(name, cancellation);

    public IAsyncEnumerable<StoredObject> ListUnfinishedAsync(CancellationToken cancellation) => AsyncEnumerable.Empty<StoredObject>();

    public ValueTask DiscardAsync(string unfinished, CancellationToken cancellation) => throw new ArgumentException(unfinished, nameof(unfinished));

    private static string PartOf(string name)
    {
        var first = name.IndexOf('/', StringComparison.Ordinal);
        if (first < 0) return name;
        if (!name.StartsWith("runs/", StringComparison.Ordinal)) return name[..(first + 1)];
        var second = name.IndexOf('/', first + 1);
        return second < 0 ? name[..(first + 1)] : name[..(second + 1)];
    }
}
