using System.Text;
using Backup.Abstractions;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Recovery;
using Backup.Engine.Stores;
using Backup.Grains.ChangeLog;
using Backup.Grains.Memory.Directory;
using Backup.Grains.Threads;
using Orleans.Placement;
using Orleans.Runtime;

namespace Backup.Grains.Memory;

/// <summary>
/// One thread: of a memory store on the silo that holds it, where an activation that finds nothing to serve goes, so that the next call is placed anew; of any
/// other source wherever somebody asks for it, and gone again after some minutes. What it knows of archives is read from them and kept nowhere.
/// </summary>
[CollectionAgeLimit(Minutes = 5), Immovable, ThreadPlacement]
internal sealed class CheckpointThreadGrain(
    MemoryStores stores, ICheckpointStores configured, ThreadDirectory directory, SiloMap map, IArchives archives, FollowedSources followed, TimeProvider time) : Grain, ICheckpointThreadGrain
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private readonly Dictionary<string, ThreadRecord> records = new(StringComparer.Ordinal);
    private string source = "", id = "";
    private HeldThread? held;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var names = GrainKeys.Names(this.GetPrimaryKeyString());
        (source, id) = (names[0], names[1]);
        EnsureText(id);
        if (!configured.Names.Contains(source) || !configured.IsMemory(source)) return Task.CompletedTask;
        held = new(source, UnitId.Thread(id), stores.Units(source), directory, map);
        DelayDeactivation(TimeSpan.MaxValue);
        return Task.CompletedTask;
    }

    public Task PutAsync(CheckpointPut checkpoint) => ServeAsync(async () =>
    {
        var stored = new Checkpoint
        {
            Namespace = checkpoint.Namespace, CheckpointId = checkpoint.CheckpointId, ParentId = checkpoint.ParentId,
            Envelope = Bytes(checkpoint.Checkpoint), Metadata = Bytes(checkpoint.Metadata),
        };
        var values = checkpoint.Values.Select(v => new ChannelBlob
        {
            Namespace = checkpoint.Namespace, Channel = v.Channel, Version = v.Version, Type = v.Value.Type, // A plain null would become an empty memory.
            Value = v.Value.Value is { } value ? value : (ReadOnlyMemory<byte>?)null,
        }).ToList();
        await Held.ChangeAsync(content => content.Put(stored, values));
        return true;
    });

    public Task PutWritesAsync(WritesPut writes) => ServeAsync(async () =>
    {
        var values = writes.Writes.Select(w => (w.Channel, (string?)w.Value.Type, (ReadOnlyMemory<byte>)w.Value.Value)).ToList();
        await Held.ChangeAsync(content => content.PutWrites(writes.Namespace, writes.CheckpointId, writes.TaskId, writes.TaskPath, values));
        return true;
    });

    public Task<StoredCheckpoint?> GetAsync(string ns, string? checkpointId) => ServeAsync(async () => (await ReadAsync()).Get(ns, checkpointId) is { } tuple ? View(tuple) : null);

    public Task<IReadOnlyList<StoredCheckpoint>> ListAsync(CheckpointFilter filter) => ServeAsync<IReadOnlyList<StoredCheckpoint>>(async () =>
        [.. (await ReadAsync()).List(filter.Namespace, filter.Before, filter.Metadata, filter.Limit).Select(View)]);

    public async Task DeleteAsync()
    {
        await ServeAsync(async () =>
        {
            await Held.DeleteAsync();
            return true;
        });
        DeactivateOnIdle();
    }

    public async Task<ThreadDelta> DeltaAsync(string? archive)
    {
        var name = ArchiveOf(archive);
        if (!records.TryGetValue(name, out var record)) records[name] = record = new(archives, name, source, id, time);
        var delta = await Task.Run(() => record.AdvanceAsync(CancellationToken.None));
        return held is null ? delta : delta with { Pending = await held.PendingAsync(delta.Captured, time) };
    }

    public Task<ThreadBackup> BackupNowAsync(string? archive) => Backups(ArchiveOf(archive)).AskAsync(id);

    public Task<ThreadBackup> AwaitBackupAsync(ThreadBackup asked) => Backups(asked.Archive).AwaitAsync(id, asked);

    private IThreadBackupsGrain Backups(string archive) => GrainFactory.GetGrain<IThreadBackupsGrain>(GrainKeys.Threads(source, archive));

    private string ArchiveOf(string? archive) => archive ?? followed.Find(source)?.Archive
        ?? throw new BackupException(ErrorKind.Usage, $"which archive is meant for '{source}' is not clear", "Name it: more than one is configured, or the source is not.");

    private HeldThread Held
    {
        get
        {
            // A name that is not configured is refused with the names that are.
            if (held is null && !configured.IsMemory(source)) throw new BackupException(ErrorKind.Usage, $"'{source}' is not a memory store", $"Set Backup:Sources:{source}:Kind to memory.");
            return held!;
        }
    }

    private async Task<MemoryUnit> ReadAsync()
    {
        var content = await Held.ReadAsync();
        if (content.Records.IsEmpty) DeactivateOnIdle();
        return content;
    }

    private async Task<T> ServeAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
    }

    private static StoredCheckpoint View(CheckpointTuple tuple) => new()
    {
        Namespace = tuple.Checkpoint.Namespace, CheckpointId = tuple.Checkpoint.CheckpointId, ParentId = tuple.Checkpoint.ParentId,
        Checkpoint = Encoding.UTF8.GetString(tuple.Checkpoint.Envelope.Span), Metadata = Encoding.UTF8.GetString(tuple.Checkpoint.Metadata.Span),
        Values = tuple.Blobs.Select(b => new ChannelValue(b.Channel, b.Version, new(b.Type, b.Value?.ToArray()))).ToList(),
        Writes = tuple.Writes.Select(w => new StoredWrite(w.TaskId, w.Index, w.Channel, new(w.Type ?? "", w.Value.ToArray()))).ToList(),
    };

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    // Half a surrogate pair has no bytes: two such ids would be one in an archive.
    private static void EnsureText(string id)
    {
        try
        {
            Strict.GetByteCount(id);
        }
        catch (EncoderFallbackException error)
        {
            throw new BackupException(ErrorKind.Usage, "the thread id is not valid Unicode text", "Use another id.", error);
        }
    }
}
