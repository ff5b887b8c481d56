using System.Runtime.CompilerServices;
using Backup.Contracts;
using Backup.Storage;

namespace Backup.Tests.Unit.Faults;

/// <summary>What goes wrong.</summary>
public enum Fault
{
    /// <summary>A part of the bytes is sent, then the connection breaks.</summary>
    TornUpload,
    /// <summary>The object cannot be made visible.</summary>
    FailedCommit,
    /// <summary>The object is there, but its writer is told that it failed.</summary>
    ErrorAfterSuccess,
    /// <summary>The object is there, but the answer is lost.</summary>
    LostAnswer,
    /// <summary>A read fails.</summary>
    ReadError,
    /// <summary>A read returns less than there is.</summary>
    ShortRead,
    /// <summary>A listing breaks off.</summary>
    ListError,
}

/// <summary>A storage in which one operation goes wrong: the <paramref name="at"/>-th of the fault's kind, from 1.</summary>
internal sealed class FaultingStorage(IBackupStorage inner, Fault fault, int at) : IBackupStorage
{
    private int seen;

    public string Location => inner.Location;

    /// <summary>True once it went wrong.</summary>
    public bool Struck => Volatile.Read(ref seen) >= at;

    public async ValueTask<IObjectWriter> CreateAsync(string name, CancellationToken cancellation) => new Writer(this, await inner.CreateAsync(name, cancellation));

    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        if (Strikes(Fault.ReadError)) throw Broken(ErrorKind.Unreachable);
        return inner.ReadAsync(name, offset, buffer.Length > 1 && Strikes(Fault.ShortRead) ? buffer[..(buffer.Length / 2)] : buffer, cancellation);
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var item in inner.ListAsync(prefix, cancellation))
        {
            yield return item;
            if (Strikes(Fault.ListError)) throw Broken(ErrorKind.Unreachable);
        }
    }

    public ValueTask DeleteAsync(string name, CancellationToken cancellation) => inner.DeleteAsync(name, cancellation);

    public IAsyncEnumerable<StoredObject> ListUnfinishedAsync(CancellationToken cancellation) => inner.ListUnfinishedAsync(cancellation);

    public ValueTask DiscardAsync(string unfinished, CancellationToken cancellation) => inner.DiscardAsync(unfinished, cancellation);

    private bool Strikes(Fault kind) => kind == fault && Interlocked.Increment(ref seen) == at;

    private static BackupException Broken(ErrorKind kind) => new(kind, "the storage broke", "Try again.");

    private sealed class Writer(FaultingStorage storage, IObjectWriter inner) : IObjectWriter
    {
        public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
        {
            var torn = storage.Strikes(Fault.TornUpload);
            await inner.WriteAsync(torn ? bytes[..(bytes.Length / 2)] : bytes, cancellation);
            if (torn) throw Broken(ErrorKind.Unreachable);
        }

        public async ValueTask CommitAsync(CancellationToken cancellation)
        {
            if (storage.Strikes(Fault.FailedCommit)) throw Broken(ErrorKind.Unreachable);
            await inner.CommitAsync(cancellation);
            if (storage.Strikes(Fault.ErrorAfterSuccess)) throw Broken(ErrorKind.Failed);
            if (storage.Strikes(Fault.LostAnswer)) throw Broken(ErrorKind.Unreachable);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
