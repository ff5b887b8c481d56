using System.Text;
using Backup.Abstractions;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Stores;
using Backup.Grains.Memory.Directory;
using Orleans.Placement;
using Orleans.Runtime;

namespace Backup.Grains.Memory;

/// <summary>One thread of a memory store, on the silo that holds it. An activation that finds nothing to serve here goes, so that the next call is placed anew.</summary>
[KeepAlive, Immovable, ThreadPlacement]
internal sealed class CheckpointThreadGrain(MemoryStores stores, ICheckpointStores configured, ThreadDirectory directory, SiloMap map) : Grain, ICheckpointThreadGrain
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private HeldThread thread = null!;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var names = GrainKeys.Names(this.GetPrimaryKeyString());
        if (!configured.IsMemory(names[0]))
            throw new BackupException(ErrorKind.Usage, $"'{names[0]}' is not a memory store", $"Set Backup:Sources:{names[0]}:Kind to memory.");
        EnsureText(names[1]);
        thread = new(names[0], UnitId.Thread(names[1]), stores.Units(names[0]), directory, map);
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
        await thread.ChangeAsync(content => content.Put(stored, values));
        return true;
    });

    public Task PutWritesAsync(WritesPut writes) => ServeAsync(async () =>
    {
        var values = writes.Writes.Select(w => (w.Channel, (string?)w.Value.Type, (ReadOnlyMemory<byte>)w.Value.Value)).ToList();
        await thread.ChangeAsync(content => content.PutWrites(writes.Namespace, writes.CheckpointId, writes.TaskId, writes.TaskPath, values));
        return true;
    });

    public Task<StoredCheckpoint?> GetAsync(string ns, string? checkpointId) => ServeAsync(async () => (await ReadAsync()).Get(ns, checkpointId) is { } tuple ? View(tuple) : null);

    public Task<IReadOnlyList<StoredCheckpoint>> ListAsync(CheckpointFilter filter) => ServeAsync<IReadOnlyList<StoredCheckpoint>>(async () =>
        [.. (await ReadAsync()).List(filter.Namespace, filter.Before, filter.Metadata, filter.Limit).Select(View)]);

    public async Task DeleteAsync()
    {
        await ServeAsync(async () =>
        {
            await thread.DeleteAsync();
            return true;
        });
        DeactivateOnIdle();
    }

    private async Task<MemoryUnit> ReadAsync()
    {
        var content = await thread.ReadAsync();
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
