using Backup.Archive;
using Backup.Archive.Chains;
using Backup.Archive.Index;
using Backup.Archive.Units;
using Backup.Checkpoints.Closure;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;

namespace Backup.Engine.Units;

/// <summary>Finds and reads one thread of a backup.</summary>
internal sealed class ThreadContent(OpenedArchive archive, BackupChain chain)
{
    /// <summary>The thread's entry, or null when the backup does not hold it.</summary>
    public async Task<UnitEntry?> FindAsync(string thread, CancellationToken cancellation)
    {
        using var index = new ChainIndex(archive, chain);
        return await index.FindAsync(UnitKey.Of(UnitId.Thread(thread)), cancellation);
    }

    /// <summary>Calls back with every record.</summary>
    public async Task ReadAsync(UnitEntry unit, Action<EncodedRecord> record, CancellationToken cancellation)
    {
        using var reader = new UnitReader(archive, chain);
        await reader.ReadAsync([unit], new RecordHandler(record), cancellation);
    }

    /// <summary>What one of the thread's checkpoints says; null when it has none of that id.</summary>
    public async Task<CheckpointFacts?> CheckpointAsync(UnitEntry unit, string ns, string checkpoint, CancellationToken cancellation)
    {
        CheckpointFacts? found = null;
        await ReadAsync(unit, record =>
        {
            if (record.Kind != RecordKind.Checkpoint) return;
            var reader = new RecordReader(record.Bytes.Span);
            if (reader.Text() == ns && reader.Text() == checkpoint) found = CheckpointFacts.Read(Checkpoint.Decode(record));
        }, cancellation);
        return found;
    }
}
