using System.Runtime.CompilerServices;
using Backup.Storage;

namespace Backup.Tests.Unit.Collection;

/// <summary>
/// A storage as one party uses it: before what others can see or miss (a look at seals or marks, a seal, a mark, the deletion of a manifest) it
/// waits for its turn. Listings may lag: what others created is listed to it only after a while.
/// </summary>
internal sealed class PartyStorage(IBackupStorage inner, Interleaving.Party party, TimeProvider clock, TimeSpan lag = default) : IBackupStorage
{
    private readonly HashSet<string> own = [];

    public string Location => inner.Location;

    /// <summary>Turns begin when this is in the name of an object that was made visible.</summary>
    public string? From { get; set; }

    public async ValueTask<IObjectWriter> CreateAsync(string name, CancellationToken cancellation) => new Writer(this, name, await inner.CreateAsync(name, cancellation));

    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation) => inner.ReadAsync(name, offset, buffer, cancellation);

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (IsShared(prefix)) await TurnAsync();
        await foreach (var item in inner.ListAsync(prefix, cancellation))
            if (own.Contains(item.Name) || clock.GetUtcNow() - item.Created >= lag) yield return item;
    }

    public async ValueTask DeleteAsync(string name, CancellationToken cancellation)
    {
        if (name.Contains("/manifest-", StringComparison.Ordinal)) await TurnAsync();
        await inner.DeleteAsync(name, cancellation);
    }

    public IAsyncEnumerable<StoredObject> ListUnfinishedAsync(CancellationToken cancellation) => inner.ListUnfinishedAsync(cancellation);

    public ValueTask DiscardAsync(string unfinished, CancellationToken cancellation) => inner.DiscardAsync(unfinished, cancellation);

    private static bool IsShared(string name) => name.StartsWith("dead/", StringComparison.Ordinal) || name.StartsWith("seals/", StringComparison.Ordinal);

    private Task TurnAsync() => From is null ? party.TurnAsync() : Task.CompletedTask;

    private sealed class Writer(PartyStorage storage, string name, IObjectWriter inner) : IObjectWriter
    {
        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation) => inner.WriteAsync(bytes, cancellation);

        public async ValueTask CommitAsync(CancellationToken cancellation)
        {
            if (IsShared(name)) await storage.TurnAsync();
            await inner.CommitAsync(cancellation);
            storage.own.Add(name);
            if (storage.From is { } from && name.Contains(from, StringComparison.Ordinal)) storage.From = null;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
