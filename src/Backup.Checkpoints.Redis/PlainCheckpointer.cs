using System.Globalization;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.Layouts;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis;

/// <summary>
/// A checkpointer over the plain layout: what LangGraph's savers do (formats.md §2.4), each call one atomic change of one thread. Its
/// methods throw <see cref="BackupException"/>: Conflict while the store is restored; Failed without memory; Unreachable.
/// </summary>
/// <param name="options">Where the store is.</param>
public sealed class PlainCheckpointer(RedisStoreOptions options) : IAsyncDisposable
{
    private const int Attempts = 20;
    private readonly RedisConnections connections = new(options);
    private readonly PlainKeys keys = new(options.Prefix);

    /// <summary>Makes the store unless it is there. Nothing can be written before.</summary>
    public Task SetupAsync(CancellationToken cancellation = default) =>
        RunAsync(async database =>
        {
            if (!keys.InOneSlot && database.Multiplexer.GetServers().Any(s => s.ServerType == ServerType.Cluster)) throw StoreFacts.ManySlots(options, keys);
            return await database.ScriptEvaluateAsync(PlainScripts.Create, [keys.Store], [Randomness.Token(20)]);
        }, cancellation);

    /// <summary>Puts a checkpoint and the new values of its channels: values that are there stay, a checkpoint that is there gets the new envelope and metadata.</summary>
    public Task PutAsync(string thread, Checkpoint checkpoint, IReadOnlyList<ChannelBlob> blobs, CancellationToken cancellation = default) =>
        ChangeAsync(UnitId.Thread(thread), [Encoded(checkpoint.Encode)], content => content.Put(checkpoint, blobs), [.. blobs.Select(b => Encoded(b.Encode))], cancellation);

    /// <summary>Puts the writes of a task. When all are to special channels they replace those that are there, else those that are there stay.</summary>
    public Task PutWritesAsync(string thread, string ns, string checkpointId, string taskId, string taskPath, IReadOnlyList<(string Channel, string? Type, ReadOnlyMemory<byte> Value)> writes, CancellationToken cancellation = default)
    {
        if (writes.Count == 0) return Task.CompletedTask;
        var fresh = MemoryUnit.Empty.PutWrites(ns, checkpointId, taskId, taskPath, writes);
        var records = fresh.OfKind(RecordKind.PendingWrite).ToList();
        var replace = writes.All(w => Closure.SpecialChannels.Index(w.Channel) is not null);
        return replace
            ? ChangeAsync(UnitId.Thread(thread), records, content => content.PutWrites(ns, checkpointId, taskId, taskPath, writes), [], cancellation)
            : ChangeAsync(UnitId.Thread(thread), [], content => content, records, cancellation);
    }

    /// <summary>The checkpoint of that id, or the newest of the namespace, with its values and writes; null when there is none.</summary>
    public Task<CheckpointTuple?> GetAsync(string thread, string ns, string? checkpointId, CancellationToken cancellation = default) => RunAsync(async database =>
    {
        var fields = await database.HashGetAllAsync(keys.Records(UnitId.Thread(thread)));
        return fields.Where(f => Capture.UnitReader.IsRecord(f.Name)).Aggregate(MemoryUnit.Empty, (unit, f) => unit.With(Joined((byte[])f.Name!, (byte[])f.Value!))).Get(ns, checkpointId);
    }, cancellation);

    /// <summary>Deletes a thread.</summary>
    public Task DeleteThreadAsync(string thread, CancellationToken cancellation = default) => RunAsync(database =>
        database.ScriptEvaluateAsync(PlainScripts.Delete, keys.Of(UnitId.Thread(thread)), [thread, PlainKeys.Counter(UnitKind.Thread), ""]), cancellation);

    /// <summary>Has a thread expire at an instant, or never.</summary>
    public Task ExpireThreadAsync(string thread, DateTimeOffset? at, CancellationToken cancellation = default) => RunAsync(database =>
        database.ScriptEvaluateAsync(PlainScripts.Expire, keys.Of(UnitId.Thread(thread)), [thread, at?.ToUnixTimeMilliseconds() ?? 0]), cancellation);

    /// <summary>Puts items of long-term memory, and the vectors of their fields, over those that are there.</summary>
    public Task PutItemsAsync(string memoryNamespace, IReadOnlyList<StoreItem> items, IReadOnlyList<StoreVector> vectors, CancellationToken cancellation = default) =>
        WriteAsync(new(UnitKind.Memory, memoryNamespace), [.. items.Select(i => Encoded(i.Encode)), .. vectors.Select(v => Encoded(v.Encode))], cancellation);

    /// <summary>Deletes an item of long-term memory and the vectors of the fields named.</summary>
    public Task DeleteItemAsync(string memoryNamespace, string key, IReadOnlyList<string> fields, CancellationToken cancellation = default) =>
        SendAsync(new(UnitKind.Memory, memoryNamespace), [], [Encoded(new StoreItem { Key = key, Value = default }.Encode), .. fields.Select(f => Encoded(new StoreVector { Key = key, Field = f }.Encode))], 'd', [], cancellation);

    /// <summary>Sets records as they are, over those that are there.</summary>
    public Task WriteAsync(UnitId unit, IReadOnlyList<EncodedRecord> records, CancellationToken cancellation = default) => SendAsync(unit, [], records, 's', [], cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => connections.DisposeAsync();

    // What is replaced depends on what is there: it is read, and written only if it is still that.
    private async Task ChangeAsync(UnitId unit, IReadOnlyList<EncodedRecord> replaced, Func<MemoryUnit, MemoryUnit> change, IReadOnlyList<EncodedRecord> added, CancellationToken cancellation)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var found = Array.Empty<RedisValue>();
            var content = MemoryUnit.Empty;
            if (replaced.Count > 0)
            {
                found = await RunAsync(database => database.HashGetAsync(keys.Records(unit), [.. replaced.Select(r => (RedisValue)r.Key)]), cancellation);
                for (var i = 0; i < replaced.Count; i++)
                    if (!found[i].IsNull) content = content.With(Joined(replaced[i].Key.Span, (byte[])found[i]!));
            }
            var changed = change(content);
            var set = replaced.Select(r => changed.Find(r)!.Value).ToList();
            if (await SendAsync(unit, found, set, 's', added, cancellation)) return;
        }
        throw new BackupException(ErrorKind.Unreachable, $"{unit} of '{options.Name}' is changed by others all the time", "Nothing was written. Try again.");
    }

    private Task<bool> SendAsync(UnitId unit, IReadOnlyList<RedisValue> before, IReadOnlyList<EncodedRecord> records, char operation, IReadOnlyList<EncodedRecord> added, CancellationToken cancellation) => RunAsync(async database =>
    {
        var values = new List<RedisValue> { unit.Id, PlainKeys.Counter(unit.Kind) };
        for (var i = 0; i < before.Count; i++) values.AddRange(before[i].IsNull ? ["a", records[i].Key, ""] : ["e", records[i].Key, before[i]]);
        foreach (var record in records) values.AddRange([operation.ToString(CultureInfo.InvariantCulture), record.Key, record.Bytes[record.KeyLength..]]);
        foreach (var record in added) values.AddRange(["n", record.Key, record.Bytes[record.KeyLength..]]);
        return (long)await database.ScriptEvaluateAsync(PlainScripts.Write, keys.Of(unit), [.. values]) > 0;
    }, cancellation);

    private Task<T> RunAsync<T>(Func<IDatabase, Task<T>> work, CancellationToken cancellation) =>
        RedisErrors.GuardAsync(options, async () => await work(await connections.OpenAsync(cancellation)));

    private static EncodedRecord Encoded(Action<RecordBuffer> encode)
    {
        var buffer = new RecordBuffer();
        encode(buffer);
        return buffer.Record;
    }

    private static EncodedRecord Joined(ReadOnlySpan<byte> field, ReadOnlySpan<byte> value) => new((byte[])[.. field, .. value], field.Length);
}
