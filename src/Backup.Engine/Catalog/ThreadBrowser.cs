using System.Runtime.CompilerServices;
using Backup.Archive;
using Backup.Archive.Chains;
using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Checkpoints.Closure;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Units;

namespace Backup.Engine.Catalog;

/// <summary>Shows the threads of a backup without restoring them.</summary>
public sealed class ThreadBrowser(OpenedArchive archive, BackupChain chain)
{
    private readonly BackupManifest manifest = chain.Newest;
    private readonly ThreadContent content = new(archive, chain);

    /// <summary>Every thread in order.</summary>
    public async IAsyncEnumerable<ThreadView> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var index = new ChainIndex(archive, chain);
        await foreach (var entry in index.ReadAllAsync(cancellation))
            if (entry.Key[0] == (byte)UnitKind.Thread) yield return View(entry);
    }

    /// <summary>One thread; null when the backup does not hold it.</summary>
    public async Task<ThreadView?> FindAsync(string threadId, CancellationToken cancellation) => await content.FindAsync(threadId, cancellation) is { } entry ? View(entry) : null;

    /// <summary>Each of some threads, and how the backup holds it; null where it does not.</summary>
    public async IAsyncEnumerable<(string ThreadId, ThreadView? View)> FindAsync(IEnumerable<string> threadIds, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var index = new ChainIndex(archive, chain);
        // In the order of the index: one page is held at a time.
        foreach (var thread in threadIds.Order(Comparer<string>.Create(Utf8Order.Compare)))
            yield return (thread, await index.FindAsync(UnitKey.Of(UnitId.Thread(thread)), cancellation) is { } entry ? View(entry) : null);
    }

    /// <summary>The checkpoints of a thread, newest first in each namespace, the root first.</summary>
    /// <exception cref="BackupException">NotFound.</exception>
    public async Task<IReadOnlyList<CheckpointView>> HistoryAsync(string threadId, CancellationToken cancellation)
    {
        var unit = await EntryAsync(threadId, cancellation);
        var views = new List<CheckpointView>();
        var writes = new Dictionary<(string, string), int>();
        await content.ReadAsync(unit, record =>
        {
            if (record.Kind == RecordKind.PendingWrite)
            {
                var write = PendingWrite.Decode(record);
                writes[(write.Namespace, write.CheckpointId)] = writes.GetValueOrDefault((write.Namespace, write.CheckpointId)) + 1;
            }
            if (record.Kind != RecordKind.Checkpoint) return;
            views.Add(View(CheckpointFacts.Read(Checkpoint.Decode(record))));
        }, cancellation);
        return views.Select(v => v with { Writes = writes.GetValueOrDefault((v.Namespace, v.CheckpointId)) })
            .OrderBy(v => v.Namespace, StringComparer.Ordinal).ThenByDescending(v => v.CheckpointId, StringComparer.Ordinal).ToList();
    }

    /// <summary>What is told of a checkpoint by itself.</summary>
    internal static CheckpointView View(CheckpointFacts facts) => new()
    {
        Namespace = facts.Namespace, CheckpointId = facts.CheckpointId, ParentId = facts.ParentId,
        Time = CheckpointTime.Read(facts.CheckpointId), Source = facts.Source, Step = facts.Step,
    };

    private async Task<UnitEntry> EntryAsync(string threadId, CancellationToken cancellation) =>
        await content.FindAsync(threadId, cancellation) ?? throw new BackupException(ErrorKind.NotFound, $"thread '{threadId}' is not in backup {manifest.BackupId}",
            $"'backup thread list --source {manifest.Source.Name}' shows the threads that are.");

    private ThreadView View(UnitEntry entry)
    {
        var digest = UnitSummary.Read(entry);
        return new()
        {
            ThreadId = UnitKey.Read(entry.Key).Id, BackupId = manifest.BackupId, CutTime = manifest.Source.CutTime,
            Checkpoints = digest[RecordKind.Checkpoint].Count, Blobs = digest[RecordKind.ChannelBlob].Count, Writes = digest[RecordKind.PendingWrite].Count,
            RawBytes = entry.RawBytes, Digest = digest.Content.ToString(),
        };
    }
}
