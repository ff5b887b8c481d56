using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.LangGraph;

/// <summary>Puts the documents of threads aside. A record that would not come back as it is, is refused before the store is changed.</summary>
internal sealed class SaverLoader(RedisStoreOptions store, SaverLayout layout, IDatabase database, string aside, Func<string, bool> there, Func<string, SaverThread, bool, Task> done) : ITargetLoader
{
    private const long Outstanding = 4 << 20;
    private readonly RecordBuffer again = new();
    private readonly List<Task> sent = [];
    // A checkpoint's document holds values and says whether it has writes: it is made when both are there.
    private readonly List<Checkpoint> checkpoints = [];
    private readonly Dictionary<(string, string, string), Digest256> values = [];
    private readonly HashSet<(string, string)> having = [];
    // Of a saver without documents of values: where they are put aside until their checkpoint is made.
    private readonly Dictionary<string, Digest256> parked = new(StringComparer.Ordinal);
    // Where they are not as expected: to the newest checkpoint.
    private readonly Dictionary<string, string?> pointers = new(StringComparer.Ordinal);
    private SaverThread thread = new();
    private string id = "";
    private bool replaces;
    private long outstanding;

    public ValueTask BeginAsync(UnitId unit, bool replace, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (unit.Kind != UnitKind.Thread)
            throw new BackupException(ErrorKind.Usage, $"'{store.Name}' is of layout {layout.Name}, which has no place for {unit}", "Nothing was changed. Restore threads alone (--thread), or into a store of another layout.");
        (id, replaces, thread) = (unit.Id, replace, new() { Before = aside });
        checkpoints.Clear();
        values.Clear();
        having.Clear();
        parked.Clear();
        pointers.Clear();
        if (id.Length == 0 || !layout.Takes(id)) throw Refused($"{layout.Saver} takes no such thread id");
        if (!replace && there(id)) throw new BackupException(ErrorKind.Conflict, $"another writer made {unit} of '{store.Name}' while it was restored", "It was not changed. Run the restore again.");
        return default;
    }

    public void ExpireAt(DateTimeOffset time) => thread.Expires = time;

    public async ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation)
    {
        try
        {
            switch (record.Kind)
            {
                case RecordKind.Checkpoint:
                    var checkpoint = Checkpoint.Decode(new((byte[])[.. record.Bytes.Span], record.KeyLength));
                    Ensure(checkpoint.Namespace, checkpoint.CheckpointId);
                    checkpoints.Add(checkpoint);
                    break;
                case RecordKind.ChannelBlob:
                    var blob = ChannelBlob.Decode(record);
                    Ensure(blob.Namespace, "-");
                    if (layout.HasPointers && SaverPointer.Is(blob))
                    {
                        EnsureSame(record, SaverPointer.Record(blob.Namespace, SaverPointer.Checkpoint(blob)).Encode, "a pointer to a checkpoint");
                        pointers[blob.Namespace] = SaverPointer.Checkpoint(blob);
                        break;
                    }
                    var (place, value) = (layout.Keys.Blob(id, blob), layout.WriteBlob(id, blob));
                    EnsureSame(record, layout.ReadBlob(value).Encode, Named(blob));
                    if (blob.Value is { } text) values[(blob.Namespace, blob.Channel, blob.Version)] = Digest256.Of(text.Span);
                    if (layout.ReadValues is null) thread.Blobs.Add(place);
                    else parked[place] = Digest256.Of(record.Bytes.Span);
                    await SetAsync(place, value);
                    break;
                case RecordKind.PendingWrite:
                    var write = PendingWrite.Decode(record);
                    Ensure(write.Namespace, write.CheckpointId);
                    Ensure(write.Namespace, write.TaskId);
                    var (document, index, scores) = layout.WriteWrite(id, write);
                    EnsureSame(record, layout.ReadWrite(document, [.. scores.Select(s => (s.Set, double.Parse(s.Score, System.Globalization.CultureInfo.InvariantCulture)))]).Encode, $"the write of channel {write.Channel} on checkpoint {write.CheckpointId}, of type {write.Type ?? "null"}{(write.TaskPath.Length > 0 ? " with a task path" : "")}");
                    having.Add((write.Namespace, write.CheckpointId));
                    thread.Writes.Add((layout.Keys.Write(id, write, index), write.Namespace, write.CheckpointId));
                    await SetAsync(thread.Writes[^1].Key, document);
                    var sets = layout.Keys.WriteSets(id, write.Namespace, write.CheckpointId);
                    foreach (var (set, score) in scores)
                    {
                        thread.Scored.Add(sets[set]);
                        sent.Add(database.ExecuteAsync("ZADD", (RedisKey)(aside + sets[set]), score, thread.Writes[^1].Key));
                    }
                    break;
                default:
                    throw new RecordFormatException($"a record of kind {record.Kind}");
            }
        }
        catch (Exception error) when (error is RecordFormatException or FormatException)
        {
            throw Refused(error.Message, error);
        }
    }

    public async ValueTask EndAsync(CancellationToken cancellation)
    {
        await DrainAsync();
        if (layout.IsShallow && checkpoints.CountBy(c => c.Namespace).FirstOrDefault(n => n.Value > 1) is { Value: > 1 } many)
            throw new BackupException(ErrorKind.Usage, $"{UnitId.Thread(id)} cannot be restored into '{store.Name}': namespace '{many.Key}' has {many.Value} checkpoints, and {layout.Saver} keeps the newest alone",
                "Nothing of this thread was changed. Its history has no place there: restore it into a store of another kind or layout (docs/migration.md).");
        var around = new SaverSurroundings((ns, channel, version) => values.TryGetValue((ns, channel, version), out var digest) ? digest : null, (ns, checkpoint) => having.Contains((ns, checkpoint)));
        RedisKey[] used = [.. parked.Keys.Select(key => aside + key)];
        foreach (var checkpoint in checkpoints)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                var document = await layout.WriteCheckpoint(id, checkpoint, having.Contains((checkpoint.Namespace, checkpoint.CheckpointId)), (channel, version) => ValueAsync(checkpoint.Namespace, channel, version));
                checkpoint.Encode(again);
                var record = again.Record;
                EnsureSame(new((byte[])[.. record.Bytes.Span], record.KeyLength), layout.ReadCheckpoint(document, around).Encode, $"checkpoint {checkpoint.CheckpointId}");
                foreach (var value in layout.ReadValues?.Invoke(document, around) ?? [])
                {
                    value.Encode(again);
                    if (!parked.Remove(layout.Keys.Blob(id, value), out var wanted) || wanted != Digest256.Of(again.Record.Bytes.Span)) throw new RecordFormatException($"{Named(value)} cannot be said in layout {layout.Name} without loss");
                }
                thread.Checkpoints.Add((layout.Keys.Checkpoint(id, checkpoint.Namespace, checkpoint.CheckpointId), checkpoint.Namespace, checkpoint.CheckpointId));
                await SetAsync(thread.Checkpoints[^1].Key, document);
            }
            catch (RecordFormatException error)
            {
                throw Refused(error.Message, error);
            }
        }
        if (parked.Count > 0) throw Refused($"the value at {parked.Keys.First()} is not of the newest checkpoint");
        if (used.Length > 0) sent.Add(database.KeyDeleteAsync(used));
        foreach (var of in layout.HasPointers ? checkpoints.ToLookup(c => c.Namespace, c => c.CheckpointId) : Enumerable.Empty<IGrouping<string, string>>())
        {
            var newest = of.Max(StringComparer.Ordinal);
            if (!pointers.TryGetValue(of.Key, out var named)) named = newest;
            else if (named == newest || (named is not null && !of.Contains(named))) throw Refused($"a pointer to checkpoint {named} is not what it was");
            if (named is null) continue;
            thread.Pointers.Add(layout.Keys.Pointer(id, of.Key));
            sent.Add(database.StringSetAsync(aside + thread.Pointers[^1], layout.Keys.Checkpoint(id, of.Key, named)));
        }
        await DrainAsync();
        await done(id, thread, replaces);
    }

    public Task CompleteAsync(CancellationToken cancellation) => DrainAsync();

    public async ValueTask DisposeAsync()
    {
        // What was sent is beside the store; nobody may be left waiting for it.
        foreach (var task in sent) await task.ContinueWith(t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private async Task<ReadOnlyMemory<byte>?> ValueAsync(string ns, string channel, string version)
    {
        var key = layout.Keys.Blob(id, new() { Namespace = ns, Channel = channel, Version = version, Type = "" });
        if (!values.ContainsKey((ns, channel, version))) return null;
        return (byte[]?)await RedisErrors.GuardAsync(store, () => database.ExecuteAsync("JSON.GET", (RedisKey)(aside + key))) is { } json ? JsonMembers.Read(json).Raw("value") : null;
    }

    private static string Named(ChannelBlob blob) => $"channel {blob.Channel}, version {blob.Version}, of type {blob.Type}";

    private void Ensure(string ns, string part)
    {
        if (part.Length == 0 || !layout.Takes(part) || !layout.Takes(ns) || ns == "__empty__") throw new RecordFormatException($"{layout.Saver} takes no id '{part}' in namespace '{ns}'");
    }

    private void EnsureSame(EncodedRecord wanted, Action<RecordBuffer> encode, string what)
    {
        encode(again);
        if (!again.Record.Bytes.Span.SequenceEqual(wanted.Bytes.Span)) throw new RecordFormatException($"{what} cannot be said in layout {layout.Name} without loss");
    }

    private BackupException Refused(string why, Exception? inner = null) => new(ErrorKind.Usage, $"{UnitId.Thread(id)} cannot be restored into '{store.Name}': {why}",
        $"Nothing of this thread was changed. Only what {layout.Saver} can say fits layout {layout.Name} (docs/migration.md); restore into a store of another kind or layout.", inner);

    private async ValueTask SetAsync(string key, byte[] document)
    {
        sent.Add(database.ExecuteAsync("JSON.SET", (RedisKey)(aside + key), "$", document));
        outstanding += document.Length;
        if (outstanding >= Outstanding || sent.Count > 1000) await DrainAsync();
    }

    private async Task DrainAsync()
    {
        var waiting = sent.ToArray();
        sent.Clear();
        outstanding = 0;
        await RedisErrors.GuardAsync(store, () => Task.WhenAll(waiting));
    }
}
