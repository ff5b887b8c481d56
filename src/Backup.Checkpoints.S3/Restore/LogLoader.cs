using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.S3.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Checkpoints.S3.Restore;

/// <summary>Makes one entry of each unit, which replaces all before it, and hands it to the session.</summary>
internal sealed class LogLoader(S3StoreOptions store, S3Bucket bucket, UnitLog log, string session, bool fresh, Func<UnitHead?, UnitHead, byte[], CancellationToken, Task> put) : ITargetLoader
{
    // Units on their way at once; their entries are small, what is large is written as it comes.
    private const int Outstanding = 8;
    private readonly List<Task> sent = [];
    private EntryWriter writer = new(bucket, session);
    private UnitHead? before;
    private UnitId unit;

    public async ValueTask BeginAsync(UnitId next, bool replace, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        (unit, writer) = (next, new(bucket, session));
        before = fresh ? null : await log.FindAsync(next, cancellation);
        if (!replace && before is { IsGone: false })
            throw new BackupException(ErrorKind.Conflict, $"another writer made {next} of '{store.Name}' while it was restored", "It was not changed. Run the restore again.");
    }

    public ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation) => writer.AddAsync(record, cancellation);

    public async ValueTask EndAsync(CancellationToken cancellation)
    {
        var entry = await writer.EndAsync(unit, anew: true, [], cancellation);
        var number = (before?.Number ?? 0) + 1;
        sent.Add(put(before, new(unit, StoreKeys.Heads, number, number, writer.Parts, writer.Bytes, writer.Content), entry.Encode(), cancellation));
        if (sent.Count == Outstanding) await CompleteAsync(cancellation);
    }

    public async Task CompleteAsync(CancellationToken cancellation)
    {
        var waiting = sent.ToArray();
        sent.Clear();
        await Task.WhenAll(waiting);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var task in sent) await task.ContinueWith(t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }
}
