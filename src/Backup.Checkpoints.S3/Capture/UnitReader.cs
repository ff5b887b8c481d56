using System.Runtime.CompilerServices;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.S3.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Checkpoints.S3.Capture;

/// <summary>
/// Reads units, each as one head says it is: newest entry first, so that of a record the last value comes and no other. What was read
/// has the digest of the head, or it is an error.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="bucket">Its bucket.</param>
/// <param name="find">Finds the newest head of a unit.</param>
internal sealed class UnitReader(S3StoreOptions store, S3Bucket bucket, Func<UnitId, CancellationToken, Task<UnitHead?>> find)
{
    // Units up to this size are held while they are read, and read again when they change; so many bytes and units at once.
    private const int Held = 4 << 20;
    private const int Window = 8 << 20;
    private const int Together = 16;
    // Entries asked for at once.
    private const int Ahead = 8;
    private const int Attempts = 10;

    /// <summary>Reads units into a sink. What was deleted is not reported.</summary>
    public async Task ReadAsync(IAsyncEnumerable<UnitHead> heads, IRecordSink sink, CancellationToken cancellation)
    {
        var waiting = new List<(UnitHead Head, Task<(UnitHead? Head, List<EncodedRecord> Records)> Reading)>();
        long bytes = 0;
        try
        {
            await foreach (var head in heads.WithCancellation(cancellation))
            {
                if (head.IsGone) continue;
                if (head.Bytes > Held)
                {
                    await EmitAsync();
                    await StreamAsync(head, sink, cancellation);
                    continue;
                }
                waiting.Add((head, HoldAsync(head, cancellation)));
                bytes += head.Bytes;
                if (bytes >= Window || waiting.Count >= Together) await EmitAsync();
            }
            await EmitAsync();
        }
        finally
        {
            foreach (var (_, task) in waiting) await task.ContinueWith(t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        async Task EmitAsync()
        {
            while (waiting is [var (head, reading), ..])
            {
                var (_, records) = await reading;
                waiting.RemoveAt(0);
                if (records.Count == 0) continue;
                await sink.BeginAsync(head.Unit, cancellation);
                foreach (var record in records) await sink.WriteAsync(record, cancellation);
                await sink.EndAsync(cancellation);
            }
            bytes = 0;
        }
    }

    /// <summary>The content of a unit as its newest head says it is, and that head.</summary>
    public async Task<(UnitHead? Head, MemoryUnit Content)> ContentAsync(UnitHead? head, CancellationToken cancellation)
    {
        (head, var records) = await HoldAsync(head, cancellation);
        return (head, records.Aggregate(MemoryUnit.Empty, (content, record) => content.With(record)));
    }

    // A unit that changes while it is read is read again; appending to it does not disturb, replacing it does.
    private async Task<(UnitHead? Head, List<EncodedRecord> Records)> HoldAsync(UnitHead? head, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var records = new List<EncodedRecord>();
            if (head is null or { IsGone: true }) return (head, records);
            try
            {
                await foreach (var record in RecordsAsync(head, cancellation)) records.Add(record);
                records.Sort((a, b) => a.Key.Span.SequenceCompareTo(b.Key.Span));
                return (head, records);
            }
            catch (ObjectGoneException) when (attempt < Attempts)
            {
                if (await find(head.Unit, cancellation) is not { } now || now.Number == head.Number) throw;
                head = now;
            }
        }
    }

    private async Task StreamAsync(UnitHead head, IRecordSink sink, CancellationToken cancellation)
    {
        await sink.BeginAsync(head.Unit, cancellation);
        try
        {
            await foreach (var record in RecordsAsync(head, cancellation)) await sink.WriteAsync(record, cancellation);
        }
        catch (ObjectGoneException gone)
        {
            if (await find(head.Unit, cancellation) is not { } now || now.Number == head.Number) throw;
            throw new BackupException(ErrorKind.Unreachable, $"{head.Unit} of '{store.Name}' was replaced or deleted while it was read", "Nothing of this run is visible. Run the same command again.", gone);
        }
        await sink.EndAsync(cancellation);
    }

    private async IAsyncEnumerable<EncodedRecord> RecordsAsync(UnitHead head, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var seen = new HashSet<Digest256>();
        var canonical = new CanonicalRecord();
        Digest256 content = default;
        for (var last = head.Number; last >= head.First; last -= Ahead)
        {
            var wanted = Enumerable.Range(0, (int)Math.Min(Ahead, last - head.First + 1)).Select(i => last - i);
            foreach (var entry in await Task.WhenAll(wanted.Select(n => EntryAsync(head, n, cancellation))))
            {
                foreach (var key in entry.Removed) seen.Add(Digest256.Of(key.Span));
                foreach (var record in Fresh(entry.Records)) yield return record;
                foreach (var part in entry.Parts)
                {
                    var bytes = await ObjectAsync(head, part.Key, cancellation);
                    foreach (var record in Fresh(Parse(head, () => LogEntry.ReadPart(bytes, part)))) yield return record;
                }
            }
        }
        if (content != head.Content)
            throw new BackupException(ErrorKind.Failed, $"'{store.Name}' is not whole: the records of {head.Unit} are not those its head says",
                "Nothing of this run is visible. What wrote it does not keep to the layout (docs/s3.md); restore that thread, or delete it.");

        IEnumerable<EncodedRecord> Fresh(IEnumerable<EncodedRecord> records)
        {
            foreach (var record in records)
            {
                if (!seen.Add(Digest256.Of(record.Key.Span))) continue;
                Parse(head, () => canonical.Check(record));
                content += Digest256.Of(record.Bytes.Span);
                yield return record;
            }
        }
    }

    private async Task<LogEntry> EntryAsync(UnitHead head, long number, CancellationToken cancellation)
    {
        var bytes = await ObjectAsync(head, head.EntryKey(number), cancellation);
        return Parse(head, () => LogEntry.Read(head.Unit, bytes));
    }

    private async Task<byte[]> ObjectAsync(UnitHead head, string key, CancellationToken cancellation)
    {
        var bytes = await bucket.GetAsync(key, cancellation) ?? throw new ObjectGoneException(store, head, key);
        if (store.ReadLimit is { } limit) await limit.TakeAsync(bytes.Length, cancellation);
        return bytes;
    }

    private T Parse<T>(UnitHead head, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (RecordFormatException error)
        {
            throw new BackupException(ErrorKind.Failed, $"'{store.Name}': {head.Unit} holds {error.Message}",
                "Nothing of this run is visible. What wrote it does not keep to the layout (docs/s3.md), or an object was changed; delete the thread, or restore it.", error);
        }
    }

    private sealed class ObjectGoneException(S3StoreOptions store, UnitHead head, string key) : BackupException(ErrorKind.Failed, $"'{store.Name}' is not whole: {key} of {head.Unit} is gone, and its head is there",
        "Nothing was captured, and nothing is taken for deleted. Objects were removed by hand or by a rule: restore that thread, or delete it as an app does.");
}
