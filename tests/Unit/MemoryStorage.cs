using System.Runtime.CompilerServices;
using Backup.Storage;

namespace Backup.Tests.Unit;

/// <summary>Objects in memory. <see cref="With"/> gives a copy with one object changed, so that damage to one does not touch the other.</summary>
internal sealed class MemoryStorage : IBackupStorage
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, DateTimeOffset> created = new(StringComparer.Ordinal);

    public SortedDictionary<string, byte[]> Objects { get; } = new(StringComparer.Ordinal);

    public string Location => "memory";

    /// <summary>The storage's own clock, or null when its objects are of no age.</summary>
    public TimeProvider? Clock { get; init; }

    public static MemoryStorage Of(IEnumerable<KeyValuePair<string, byte[]>> objects, TimeProvider? clock = null)
    {
        var storage = new MemoryStorage { Clock = clock };
        foreach (var (name, bytes) in objects) storage.Objects[name] = bytes;
        return storage;
    }

    public static MemoryStorage OfFolder(string folder) =>
        Of(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(p => KeyValuePair.Create(Path.GetRelativePath(folder, p), File.ReadAllBytes(p))));

    public MemoryStorage With(string name, byte[]? bytes)
    {
        var copy = Of(Objects);
        if (bytes is null) copy.Objects.Remove(name); else copy.Objects[name] = bytes;
        return copy;
    }

    public ValueTask<IObjectWriter> CreateAsync(string name, CancellationToken cancellation) =>
        ObjectName.IsValid(name) ? new(new Writer(this, name)) : throw new ArgumentException(name, nameof(name));

    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        if (!ObjectName.IsValid(name)) throw new ArgumentException(name, nameof(name));
        byte[]? bytes;
        lock (gate) bytes = Objects.GetValueOrDefault(name);
        if (bytes is null) throw new ObjectNotFoundException(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (offset >= bytes.Length) return new(0);
        var length = Math.Min(buffer.Length, bytes.Length - (int)offset);
        bytes.AsSpan((int)offset, length).CopyTo(buffer.Span);
        return new(length);
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await ValueTask.CompletedTask;
        List<StoredObject> list;
        lock (gate) list = Objects.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(o => new StoredObject(o.Key, o.Value.Length, created.GetValueOrDefault(o.Key, DateTimeOffset.UnixEpoch))).ToList();
        foreach (var item in list) yield return item;
    }

    public ValueTask DeleteAsync(string name, CancellationToken cancellation)
    {
        lock (gate) Objects.Remove(name);
        return default;
    }

    public async IAsyncEnumerable<StoredObject> ListUnfinishedAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await ValueTask.CompletedTask;
        yield break; // what was begun is in its writer's memory alone
    }

    public ValueTask DiscardAsync(string unfinished, CancellationToken cancellation) => throw new ArgumentException(unfinished, nameof(unfinished));

    private sealed class Writer(MemoryStorage storage, string name) : IObjectWriter
    {
        private readonly MemoryStream stream = new();

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
        {
            stream.Write(bytes.Span);
            return default;
        }

        public ValueTask CommitAsync(CancellationToken cancellation)
        {
            lock (storage.gate)
            {
                if (!storage.Objects.TryAdd(name, stream.ToArray())) throw new ObjectExistsException(name);
                if (storage.Clock is { } clock) storage.created[name] = clock.GetUtcNow();
                return default;
            }
        }

        public ValueTask DisposeAsync() => default;
    }
}
