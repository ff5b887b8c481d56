using Backup.Archive;
using Backup.Contracts;
using Backup.Engine.Stores;
using Backup.Storage;

namespace Backup.Tests.Cluster.Runs;

/// <summary>A silo's archives, with a hold between them and the silo.</summary>
internal sealed class HeldArchives(IArchives inner, string silo, Hold hold) : IArchives
{
    public async Task<OpenedArchive> OpenAsync(string name, CancellationToken cancellation)
    {
        var opened = await inner.OpenAsync(name, cancellation);
        return opened.Through(new HeldStorage(opened.Storage, silo, hold));
    }

    public string Fingerprint(string name) => inner.Fingerprint(name);

    public Task<ArchiveInitReport> InitAsync(string name, CancellationToken cancellation) => inner.InitAsync(name, cancellation);

    private sealed class HeldStorage(IBackupStorage inner, string silo, Hold hold) : IBackupStorage
    {
        public string Location => inner.Location;

        public async ValueTask<IObjectWriter> CreateAsync(string name, CancellationToken cancellation) => new Writer(await inner.CreateAsync(name, cancellation), silo, name, hold);

        public async ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation)
        {
            await hold.ReachAsync(silo, "read", name, cancellation);
            return await inner.ReadAsync(name, offset, buffer, cancellation);
        }

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellation) => inner.ListAsync(prefix, cancellation);

        public ValueTask DeleteAsync(string name, CancellationToken cancellation) => inner.DeleteAsync(name, cancellation);

        public IAsyncEnumerable<StoredObject> ListUnfinishedAsync(CancellationToken cancellation) => inner.ListUnfinishedAsync(cancellation);

        public ValueTask DiscardAsync(string unfinished, CancellationToken cancellation) => inner.DiscardAsync(unfinished, cancellation);
    }

    private sealed class Writer(IObjectWriter inner, string silo, string name, Hold hold) : IObjectWriter
    {
        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation) => inner.WriteAsync(bytes, cancellation);

        public async ValueTask CommitAsync(CancellationToken cancellation)
        {
            await hold.ReachAsync(silo, "commit", name, cancellation);
            await inner.CommitAsync(cancellation);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
