using Backup.Archive;
using Backup.Archive.Index;
using Backup.Archive.Units;
using Backup.Checkpoints.Closure;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Units;

namespace Backup.Engine.Restore;

/// <summary>
/// Reads the records of selected units that the request asks for: all of them, those of one namespace, or the thread as it was at
/// one checkpoint. One caller at a time.
/// </summary>
internal sealed class UnitLoad(OpenedArchive archive, RestoreSelection selection, RestoreRequest request) : IDisposable
{
    private readonly UnitReader reader = new(archive, selection.Chain);

    private bool IsFiltered => request.Namespace is not null || request.Checkpoint is not null;

    /// <summary>Reads a group of units into <paramref name="handler"/>, which sees only the records asked for.</summary>
    public async Task ReadAsync(IReadOnlyList<UnitEntry> group, IUnitHandler handler, CancellationToken cancellation)
    {
        if (!IsFiltered)
        {
            await reader.ReadAsync(group, handler, cancellation);
            return;
        }
        foreach (var unit in group)
        {
            var keeps = await FilterAsync(unit, cancellation);
            await reader.ReadAsync([unit], new Filtering(handler, keeps), cancellation);
        }
    }

    /// <summary>What the target must hold of a unit afterwards; null when none of its records is asked for.</summary>
    public async Task<UnitDigest?> ExpectedAsync(UnitEntry unit, CancellationToken cancellation)
    {
        if (!IsFiltered) return UnitSummary.Read(unit);
        var digest = new UnitDigest();
        await ReadAsync([unit], new RecordHandler(digest.Add), cancellation);
        return digest.Count > 0 ? digest : null;
    }

    public void Dispose() => reader.Dispose();

    private async Task<Func<EncodedRecord, bool>> FilterAsync(UnitEntry unit, CancellationToken cancellation)
    {
        if (request.Checkpoint is null) return InNamespace;
        var closure = new ThreadAtCheckpoint(request.Namespace ?? "", request.Checkpoint, request.Writes);
        await reader.ReadAsync([unit], new RecordHandler(closure.Learn), cancellation);
        closure.Decide();
        if (!closure.Found)
            throw new BackupException(ErrorKind.NotFound,
                $"checkpoint '{request.Checkpoint}' of namespace '{request.Namespace}' is not in thread '{UnitKey.Read(unit.Key).Id}' of backup {selection.Manifest.BackupId}",
                $"Nothing was changed. 'backup thread history --source {selection.Manifest.Source.Name} --thread ID' lists the checkpoints there are.");
        return closure.Keeps;
    }

    private bool InNamespace(EncodedRecord record) =>
        record.Kind is RecordKind.Checkpoint or RecordKind.ChannelBlob or RecordKind.PendingWrite
        && new RecordReader(record.Bytes.Span).Text() == request.Namespace;

    private sealed class Filtering(IUnitHandler inner, Func<EncodedRecord, bool> keeps) : IUnitHandler
    {
        public ValueTask BeginAsync(UnitEntry unit, CancellationToken cancellation) => inner.BeginAsync(unit, cancellation);

        public ValueTask EntryAsync(int tag, ReadOnlyMemory<byte> bytes, CancellationToken cancellation) =>
            keeps(new(bytes, tag)) ? inner.EntryAsync(tag, bytes, cancellation) : default;

        public ValueTask EndAsync(CancellationToken cancellation) => inner.EndAsync(cancellation);
    }
}
