using System.Collections.Concurrent;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.S3.Capture;
using Backup.Checkpoints.S3.Layouts;
using Backup.Contracts;

namespace Backup.Checkpoints.S3;

/// <summary>
/// A checkpointer over the layout of docs/s3.md: what LangGraph's savers do (formats.md §2.4), each call one atomic change of one thread.
/// Its methods throw <see cref="BackupException"/>: NotFound without a store; Conflict while it is restored; Unreachable.
/// </summary>
public sealed class S3Checkpointer : IDisposable
{
    private const int Attempts = 20;
    private const int Small = 1 << 20;
    private const int Remembered = 256;
    private readonly S3StoreOptions options;
    private readonly S3Bucket bucket;
    private readonly UnitLog log;
    private readonly UnitReader reader;
    private readonly string session = Randomness.Token(16);
    private readonly ConcurrentDictionary<UnitId, State> states = [];

    /// <summary>A checkpointer.</summary>
    /// <param name="options">Where the store is.</param>
    /// <param name="time">Clock of waits; the system's when null.</param>
    public S3Checkpointer(S3StoreOptions options, TimeProvider? time = null)
    {
        (this.options, bucket) = (options, new(options, time ?? TimeProvider.System));
        log = new(options, bucket);
        reader = new(options, bucket, log.FindAsync);
    }

    /// <summary>A unit whose log has so many entries, and is small, is written anew as one.</summary>
    internal int LongLog { get; init; } = 64;

    /// <summary>Makes the store unless it is there. Nothing can be written before.</summary>
    public async Task SetupAsync(CancellationToken cancellation = default)
    {
        if (await StoreFacts.ReadAsync(options, bucket, cancellation) is null) await bucket.CreateAsync(StoreKeys.Layout, StoreLayout.New(Randomness.Token(20)).Encode(), cancellation);
    }

    /// <summary>Puts a checkpoint and the new values of its channels: values that are there stay, a checkpoint that is there gets the new envelope and metadata.</summary>
    public Task PutAsync(string thread, Checkpoint checkpoint, IReadOnlyList<ChannelBlob> blobs, CancellationToken cancellation = default) =>
        ChangeAsync(UnitId.Thread(thread), content => content.Put(checkpoint, blobs), cancellation);

    /// <summary>Puts the writes of a task. When all are to special channels they replace those that are there, else those that are there stay.</summary>
    public Task PutWritesAsync(string thread, string ns, string checkpointId, string taskId, string taskPath, IReadOnlyList<(string Channel, string? Type, ReadOnlyMemory<byte> Value)> writes, CancellationToken cancellation = default) =>
        ChangeAsync(UnitId.Thread(thread), content => content.PutWrites(ns, checkpointId, taskId, taskPath, writes), cancellation);

    /// <summary>The checkpoint of that id, or the newest of the namespace, with its values and writes; null when there is none.</summary>
    public async Task<CheckpointTuple?> GetAsync(string thread, string ns, string? checkpointId, CancellationToken cancellation = default) =>
        (await NowAsync(UnitId.Thread(thread), cancellation)).Content.Get(ns, checkpointId);

    /// <summary>Deletes a thread.</summary>
    public Task DeleteThreadAsync(string thread, CancellationToken cancellation = default) => ChangeAsync(UnitId.Thread(thread), _ => MemoryUnit.Empty, cancellation);

    /// <summary>Puts items of long-term memory, and the vectors of their fields, over those that are there.</summary>
    public Task PutItemsAsync(string memoryNamespace, IReadOnlyList<StoreItem> items, IReadOnlyList<StoreVector> vectors, CancellationToken cancellation = default) =>
        WriteAsync(new(UnitKind.Memory, memoryNamespace), [.. items.Select(i => Encoded(i.Encode)), .. vectors.Select(v => Encoded(v.Encode))], cancellation);

    /// <summary>Deletes an item of long-term memory and the vectors of the fields named.</summary>
    public Task DeleteItemAsync(string memoryNamespace, string key, IReadOnlyList<string> fields, CancellationToken cancellation = default)
    {
        EncodedRecord[] gone = [Encoded(new StoreItem { Key = key, Value = default }.Encode), .. fields.Select(f => Encoded(new StoreVector { Key = key, Field = f }.Encode))];
        return ChangeAsync(new(UnitKind.Memory, memoryNamespace), content => gone.Aggregate(content, (c, r) => c.Without(r)), cancellation);
    }

    /// <summary>Sets records as they are, over those that are there.</summary>
    public Task WriteAsync(UnitId unit, IReadOnlyList<EncodedRecord> records, CancellationToken cancellation = default) =>
        ChangeAsync(unit, content => records.Aggregate(content, (c, r) => c.With(r)), cancellation);

    /// <inheritdoc/>
    public void Dispose() => bucket.Dispose();

    private async Task ChangeAsync(UnitId unit, Func<MemoryUnit, MemoryUnit> change, CancellationToken cancellation)
    {
        await EnsureOpenAsync(cancellation);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            // What is remembered may be old: then another has the number of the next entry, or a later one counts already.
            var state = attempt == 0 && states.TryGetValue(unit, out var known) ? known : await NowAsync(unit, cancellation);
            if (attempt > 0) state = await HelpAsync(state, cancellation);
            var content = change(state.Content);
            if (content.Records.Count == state.Content.Records.Count && content.Records.All(r => Same(r, state.Content)))
            {
                if (attempt > 0 || (await log.FindAsync(unit, cancellation))?.Number == state.Head?.Number) return;
                continue;
            }
            if (await AppendAsync(unit, state, content, cancellation)) return;
        }
        throw new BackupException(ErrorKind.Unreachable, $"{unit} of '{options.Name}' is changed by others all the time", "Nothing was written. Try again.");
    }

    private async Task<bool> AppendAsync(UnitId unit, State state, MemoryUnit content, CancellationToken cancellation)
    {
        var number = (state.Head?.Number ?? 0) + 1;
        var first = state.Head is { IsGone: false } head ? head.First : number;
        if (content.Records.Count == 0 || (number - first >= LongLog && content.Bytes <= Small)) first = number;
        var anew = first == number;
        var writer = new EntryWriter(bucket, session);
        foreach (var record in content.Records.Where(r => anew || !Same(r, state.Content))) await writer.AddAsync(new(record.Value, record.Key.Length), cancellation);
        var removed = anew ? [] : state.Content.Records.Keys.Where(k => !content.Records.ContainsKey(k)).Select(k => (ReadOnlyMemory<byte>)k).ToList();
        var entry = (await writer.EndAsync(unit, anew, removed, cancellation)).Encode();
        var after = Head(unit, number, first, content) with { Parts = writer.Parts + (anew ? 0 : state.Head?.Parts ?? 0) };
        if (!await log.AppendAsync(state.Head, entry, after, cancellation)) return false;
        Remember(unit, new(after, content));
        return true;
    }

    // An entry without a head is of a writer that died, or that is at it: it counts before ours.
    private async Task<State> HelpAsync(State state, CancellationToken cancellation)
    {
        var number = (state.Head?.Number ?? 0) + 1;
        if (state.Unit is var unit && await bucket.GetAsync(StoreKeys.Entry(StoreKeys.Place(unit), number), cancellation) is not { } bytes) return state;
        var entry = LogEntry.Read(unit, bytes);
        var content = entry.Anew ? MemoryUnit.Empty : state.Content;
        foreach (var key in entry.Removed) content = content.Without(new(key, key.Length));
        foreach (var record in entry.Records) content = content.With(record);
        foreach (var part in entry.Parts)
            foreach (var record in LogEntry.ReadPart(await bucket.GetAsync(part.Key, cancellation) ?? throw Unfinished(unit), part)) content = content.With(record);
        var after = Head(unit, number, entry.Anew ? number : state.Head?.First ?? number, content) with { Parts = entry.Parts.Count + (entry.Anew ? 0 : state.Head?.Parts ?? 0) };
        return await log.FinishAsync(state.Head, after, cancellation) ? new(after, content) : await NowAsync(unit, cancellation);
    }

    private async Task<State> NowAsync(UnitId unit, CancellationToken cancellation)
    {
        var head = await log.FindAsync(unit, cancellation);
        if (states.TryGetValue(unit, out var known) && known.Head == head) return known;
        (head, var content) = await reader.ContentAsync(head, cancellation);
        var state = new State(unit, head, content);
        Remember(unit, state);
        return state;
    }

    private void Remember(UnitId unit, State state)
    {
        if (states.Count >= Remembered) states.Clear();
        if (state.Content.Bytes <= Small) states[unit] = state;
        else states.TryRemove(unit, out _);
    }

    private async Task EnsureOpenAsync(CancellationToken cancellation)
    {
        var store = await bucket.ListAllAsync(StoreKeys.Store, cancellation);
        await StoreFacts.EnsureNotRestoredAsync(options, bucket, store, bucket.ServerTime, cancellation);
        if (!store.Exists(f => f.Key == StoreKeys.Layout))
            throw new BackupException(ErrorKind.NotFound, $"'{options.Name}' has no store at {options}", "Nothing was written. Check Bucket and Prefix, or make the store.");
    }

    private BackupException Unfinished(UnitId unit) => new(ErrorKind.Failed, $"'{options.Name}' is not whole: an object of the last change of {unit} is gone", "Restore that thread.");

    private static UnitHead Head(UnitId unit, long number, long first, MemoryUnit content)
    {
        long bytes = 0;
        Digest256 sum = default;
        foreach (var (_, record) in content.Records)
        {
            bytes += record.Length;
            sum += Digest256.Of(record.Span);
        }
        return new(unit, StoreKeys.Heads, number, first, 0, bytes, sum);
    }

    private static bool Same(KeyValuePair<byte[], ReadOnlyMemory<byte>> record, MemoryUnit content) =>
        content.Records.TryGetValue(record.Key, out var there) && there.Span.SequenceEqual(record.Value.Span);

    private static EncodedRecord Encoded(Action<RecordBuffer> encode)
    {
        var buffer = new RecordBuffer();
        encode(buffer);
        return buffer.Record;
    }

    private sealed record State(UnitId Unit, UnitHead? Head, MemoryUnit Content)
    {
        public State(UnitHead head, MemoryUnit content) : this(head.Unit, head, content) { }
    }
}
