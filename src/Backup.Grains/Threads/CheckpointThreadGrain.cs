using System.Text;
using Backup.Abstractions;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Stores;
using Orleans.Placement;
using Orleans.Runtime;

namespace Backup.Grains.Threads;

/// <summary>One thread of a memory store, held by this silo.</summary>
[KeepAlive, Immovable]
internal sealed class CheckpointThreadGrain(MemoryStores stores, ICheckpointStores configured, ClusterSize cluster) : Grain, ICheckpointThreadGrain
{
    private ThreadCheckpointer thread = null!;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var names = GrainKeys.Names(this.GetPrimaryKeyString());
        if (!configured.IsMemory(names[0]))
            throw new BackupException(ErrorKind.Usage, $"'{names[0]}' is not a memory store", $"Set Backup:Sources:{names[0]}:Kind to memory.");
        await cluster.EnsureSingleAsync();
        thread = new(stores.Units(names[0]), names[1]);
    }

    public Task PutAsync(CheckpointPut checkpoint)
    {
        thread.Put(new()
        {
            Namespace = checkpoint.Namespace, CheckpointId = checkpoint.CheckpointId, ParentId = checkpoint.ParentId,
            Envelope = Bytes(checkpoint.Checkpoint), Metadata = Bytes(checkpoint.Metadata),
        }, checkpoint.Values.Select(v => new ChannelBlob
        {
            Namespace = checkpoint.Namespace, Channel = v.Channel, Version = v.Version, Type = v.Value.Type, // A plain null would become an empty memory.
            Value = v.Value.Value is { } value ? value : (ReadOnlyMemory<byte>?)null,
        }).ToList());
        return Task.CompletedTask;
    }

    public Task PutWritesAsync(WritesPut writes)
    {
        thread.PutWrites(writes.Namespace, writes.CheckpointId, writes.TaskId, writes.TaskPath,
            writes.Writes.Select(w => (w.Channel, (string?)w.Value.Type, (ReadOnlyMemory<byte>)w.Value.Value)).ToList());
        return Task.CompletedTask;
    }

    public Task<StoredCheckpoint?> GetAsync(string ns, string? checkpointId) => Task.FromResult(thread.Get(ns, checkpointId) is { } tuple ? View(tuple) : null);

    public Task<IReadOnlyList<StoredCheckpoint>> ListAsync(CheckpointFilter filter) =>
        Task.FromResult<IReadOnlyList<StoredCheckpoint>>(thread.List(filter.Namespace, filter.Before, filter.Metadata, filter.Limit).Select(View).ToList());

    public Task DeleteAsync()
    {
        thread.Delete();
        return Task.CompletedTask;
    }

    private static StoredCheckpoint View(CheckpointTuple tuple) => new()
    {
        Namespace = tuple.Checkpoint.Namespace, CheckpointId = tuple.Checkpoint.CheckpointId, ParentId = tuple.Checkpoint.ParentId,
        Checkpoint = Encoding.UTF8.GetString(tuple.Checkpoint.Envelope.Span), Metadata = Encoding.UTF8.GetString(tuple.Checkpoint.Metadata.Span),
        Values = tuple.Blobs.Select(b => new ChannelValue(b.Channel, b.Version, new(b.Type, b.Value?.ToArray()))).ToList(),
        Writes = tuple.Writes.Select(w => new StoredWrite(w.TaskId, w.Index, w.Channel, new(w.Type ?? "", w.Value.ToArray()))).ToList(),
    };

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
