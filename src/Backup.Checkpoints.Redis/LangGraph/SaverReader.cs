using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.Capture;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.LangGraph;

/// <summary>
/// Reads threads. One of few documents is read in one transaction. Of others the writes are read first, then the channel values and then the
/// checkpoints, so that nothing that is read needs what was not there yet. Where checkpoints are overwritten that is not enough: there the
/// checkpoints and the names of writes are read by one transaction, and once more when all writes have been. And a scan may have seen an interrupt and not the graph below that waits for it; the next one sees that. So
/// a thread is as the scan before had it, or has to be listed anew.
/// </summary>
internal sealed class SaverReader(RedisStoreOptions store, SaverLayout layout, IDatabase database)
{
    private const int Batch = 16;
    // A thread whose checkpoints are replaced is hard to read in parts.
    private const int Whole = 256;
    private readonly ReadPace pace = new(store.ReadLimit);
    private readonly RecordBuffer buffer = new();

    /// <summary>Reads what there is of a thread into a sink; nothing when none of its checkpoints is there any more. False for one that has to be listed anew; never when that would be once <paramref name="tooOften"/>.</summary>
    public async Task<bool> ReadAsync(string id, SaverThread thread, IRecordSink sink, bool tooOften, CancellationToken cancellation)
    {
        var keys = thread.Writes.Select(w => w.Key).Concat(thread.Blobs).Concat(thread.Checkpoints.Select(c => c.Key)).ToHashSet(StringComparer.Ordinal);
        var written = thread.Written.ToList();
        var scores = new Dictionary<string, List<(int Set, double Score)>>(StringComparer.Ordinal);
        bool whole;
        List<(string Namespace, string Id)> current;
        var read = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var writes = thread.Writes.Select(w => w.Key).ToList();
        var namespaces = layout.HasPointers ? thread.Checkpoints.Select(c => c.Namespace).Distinct().ToList() : [];
        var pointers = new Dictionary<string, string?>(StringComparer.Ordinal);
        while (true)
        {
            // The sorted set of a checkpoint names writes that came after the keys were listed.
            whole = keys.Count <= (layout.IsShallow ? Whole : pace.Together);
            IDatabaseAsync on = whole || layout.IsShallow ? database.CreateTransaction() : database;
            var sets = written.SelectMany(w => layout.Keys.WriteSets(id, w.Namespace, w.Id).Select((key, set) => (Key: key, Set: set))).Distinct().Select(s => (s.Set, Entries: on.SortedSetRangeByRankWithScoresAsync(thread.Before + s.Key))).ToList();
            var named = namespaces.ConvertAll(ns => on.StringGetAsync(thread.Before + layout.Keys.Pointer(id, ns)));
            var documents = (whole ? keys : layout.IsShallow ? thread.Checkpoints.Select(c => c.Key) : []).Select(key => (key, Document: Get(on, thread, key))).ToList();
            if (on is ITransaction transaction) await transaction.ExecuteAsync();
            scores.Clear();
            foreach (var (set, entries) in sets)
                foreach (var entry in await entries)
                {
                    if (!scores.TryGetValue((string)entry.Element!, out var of)) scores[(string)entry.Element!] = of = [];
                    of.Add((set, entry.Score));
                }
            for (var i = 0; i < namespaces.Count; i++) pointers[namespaces[i]] = (string?)await named[i];
            read.Clear();
            foreach (var (key, document) in documents)
                if ((byte[]?)await document is { } json) read[key] = json;
            var late = scores.Keys.Where(k => !keys.Contains(k) && k.StartsWith(SaverKeys.Writes, StringComparison.Ordinal)).ToList();
            current = layout.IsShallow ? Current(thread, read) : [];
            var moved = current.Except(written).ToList();
            if (late.Count + moved.Count == 0) break;
            written.AddRange(moved);
            keys.UnionWith(late);
            writes.AddRange(late);
        }
        if (layout.IsShallow && !whole && !await StoodStillAsync() && !tooOften) return false;
        if (thread.Earlier is { } earlier && !tooOften && (current.Except(earlier.Checkpoints.Select(c => (c.Namespace, c.Id))).Any() || writes.Where(read.ContainsKey).Except(earlier.Writes.Select(w => w.Key)).Any())) return false;
        var held = whole || layout.IsShallow;
        if (held)
        {
            if (whole) await PayAsync(read.Values, cancellation);
            if (read.Count == 0 || (thread.Checkpoints.Count > 0 && !thread.Checkpoints.Exists(c => read.ContainsKey(c.Key)))) return true;
        }
        else if (thread.Checkpoints.Count > 0 && !await database.KeyExistsAsync(thread.Before + thread.Checkpoints[0].Key)) return true;

        var newest = new Dictionary<string, string>(StringComparer.Ordinal);
        var values = new Dictionary<(string, string, string), Digest256>();
        var having = new HashSet<(string, string)>();
        var around = new SaverSurroundings((ns, channel, version) => values.TryGetValue((ns, channel, version), out var digest) ? digest : null, (ns, checkpoint) => having.Contains((ns, checkpoint)));
        await sink.BeginAsync(UnitId.Thread(id), cancellation);
        await EachAsync(writes, async (key, json) =>
        {
            var record = layout.ReadWrite(json, scores.GetValueOrDefault(key) ?? []);
            having.Add((record.Namespace, record.CheckpointId));
            var document = layout.WriteWrite(id, record);
            await EmitAsync(key, layout.Keys.Write(id, record, document.Index), record.Encode, document.Document, json);
        });
        await EachAsync(thread.Blobs, async (key, json) =>
        {
            var record = layout.ReadBlob(json);
            if (record.Value is { } value) values[(record.Namespace, record.Channel, record.Version)] = Digest256.Of(value.Span);
            await EmitAsync(key, layout.Keys.Blob(id, record), record.Encode, layout.WriteBlob(id, record), json);
        });
        await EachAsync(thread.Checkpoints.ConvertAll(c => c.Key), async (key, json) =>
        {
            foreach (var value in layout.ReadValues?.Invoke(json, around) ?? [])
            {
                if (value.Value is { } text) values[(value.Namespace, value.Channel, value.Version)] = Digest256.Of(text.Span);
                value.Encode(buffer);
                await sink.WriteAsync(buffer.Record, cancellation);
            }
            var record = layout.ReadCheckpoint(json, around);
            // What is left to the records of values has the same text here.
            JsonMembers? own = null;
            var again = await layout.WriteCheckpoint(id, record, having.Contains((record.Namespace, record.CheckpointId)),
                (channel, _) => Task.FromResult((own ??= JsonMembers.Read(json).Object("checkpoint").Object("channel_values")).Raw(channel)));
            if (!newest.TryGetValue(record.Namespace, out var before) || string.CompareOrdinal(before, record.CheckpointId) < 0) newest[record.Namespace] = record.CheckpointId;
            await EmitAsync(key, layout.Keys.Checkpoint(id, record.Namespace, record.CheckpointId), record.Encode, again, json);
        });
        foreach (var (ns, pointer) in pointers)
        {
            if (!newest.TryGetValue(ns, out var last) || await PointerAsync(thread, ns, pointer, last) is not { } record) continue;
            record.Encode(buffer);
            await sink.WriteAsync(buffer.Record, cancellation);
        }
        await sink.EndAsync(cancellation);
        return true;

        // Reads the rest of a thread that is too large for one transaction. True when names and checkpoints are the same behind that.
        async Task<bool> StoodStillAsync()
        {
            await PayAsync(read.Values, cancellation);
            foreach (var chunk in keys.Where(k => !read.ContainsKey(k)).ToList().Chunk(Batch))
            {
                cancellation.ThrowIfCancellationRequested();
                var documents = await pace.ReadAsync(chunk, key => Get(database, thread, key));
                for (var i = 0; i < chunk.Length; i++)
                    if ((byte[]?)documents[i] is { } json) read[chunk[i]] = json;
                await PayAsync(chunk.Where(read.ContainsKey).Select(k => read[k]), cancellation);
            }
            var transaction = database.CreateTransaction();
            var sets = written.SelectMany(w => layout.Keys.WriteSets(id, w.Namespace, w.Id)).Distinct().Select(s => transaction.SortedSetRangeByRankAsync(thread.Before + s)).ToList();
            var checkpoints = thread.Checkpoints.ConvertAll(c => (c.Key, Document: Get(transaction, thread, c.Key)));
            await transaction.ExecuteAsync();
            var named = new HashSet<string>(StringComparer.Ordinal);
            foreach (var set in sets) named.UnionWith((await set).Select(m => (string)m!));
            foreach (var (key, document) in checkpoints)
                if (!((byte[]?)await document ?? []).AsSpan().SequenceEqual(read.GetValueOrDefault(key) ?? [])) return false;
            return named.SetEquals(scores.Keys);
        }

        async Task EachAsync(IReadOnlyList<string> of, Func<string, byte[], Task> take)
        {
            foreach (var chunk in of.Chunk(Batch))
            {
                cancellation.ThrowIfCancellationRequested();
                var documents = held ? null : await pace.ReadAsync(chunk, key => Get(database, thread, key));
                var found = new List<(string Key, byte[] Json)>();
                for (var i = 0; i < chunk.Length; i++)
                    if ((documents is null ? read.GetValueOrDefault(chunk[i]) : (byte[]?)documents[i]) is { } json) found.Add((chunk[i], json));
                if (documents is not null) await PayAsync(found.Select(f => f.Json), cancellation);
                foreach (var (key, json) in found)
                {
                    try
                    {
                        await take(key, json);
                    }
                    catch (RecordFormatException error)
                    {
                        throw new BackupException(ErrorKind.Failed, $"'{store.Name}': {key} is not as {layout.Saver} writes it: {error.Message}", "Nothing of this run is visible. Delete that thread, or correct Layout.", error);
                    }
                }
            }
        }

        async Task EmitAsync(string key, string own, Action<RecordBuffer> encode, byte[] again, byte[] json)
        {
            if (key != own) throw new RecordFormatException($"its fields are those of {own}");
            if (!again.AsSpan().SequenceEqual(json)) throw new RecordFormatException("it would not come back as it is");
            encode(buffer);
            await sink.WriteAsync(buffer.Record, cancellation);
        }
    }

    // The checkpoints that stand now where the listed ones did.
    private static List<(string Namespace, string Id)> Current(SaverThread thread, Dictionary<string, byte[]> read) =>
        thread.Checkpoints.Where(c => read.ContainsKey(c.Key)).Select(c => (c.Namespace, JsonMembers.Read(read[c.Key]).Optional("checkpoint_id") ?? c.Id)).ToList();

    // Null for one that is as expected; so is one to a checkpoint that waits for the next backup.
    private async Task<ChannelBlob?> PointerAsync(SaverThread thread, string ns, string? pointer, string newest)
    {
        var (key, _, named) = thread.Checkpoints.Find(c => c.Namespace == ns && c.Key == pointer);
        if (key is not null && await database.KeyExistsAsync(thread.Before + key)) return named == newest ? null : SaverPointer.Record(ns, named);
        return pointer is not null && await database.KeyExistsAsync(thread.Before + pointer) ? null : SaverPointer.Record(ns, null);
    }

    private ValueTask PayAsync(IEnumerable<byte[]> documents, CancellationToken cancellation) => pace.PayAsync(documents.Sum(d => (long)d.Length), cancellation);

    private static Task<RedisResult> Get(IDatabaseAsync on, SaverThread thread, string key) => on.ExecuteAsync("JSON.GET", (RedisKey)(thread.Before + key));
}
