using System.Buffers;
using System.Security.Cryptography;
using Backup.Contracts;

namespace Backup.Storage.Retrying;

/// <summary>
/// Sends an object again from the start when it could not be sent: small ones are kept until they are there. Of a large one only a
/// lost answer to the commit is recovered; else its writer is told, and captures that part again.
/// </summary>
internal sealed class RetryingObjectWriter(IBackupStorage storage, Retry retry, string name, IObjectWriter writer) : IObjectWriter
{
    private const int KeepAtMost = 4 << 20;
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private IObjectWriter writer = writer;
    private MemoryStream? kept = new();
    private long length;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        hash.AppendData(bytes.Span);
        length += bytes.Length;
        if (length > KeepAtMost) kept = null;
        kept?.Write(bytes.Span);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (attempt == 1) await writer.WriteAsync(bytes, cancellation);
                else await SendAgainAsync(cancellation);
                return;
            }
            catch (BackupException error) when (kept is not null && Retry.Allows(error, attempt))
            {
                await retry.WaitAsync(attempt, cancellation);
            }
        }
    }

    public async ValueTask CommitAsync(CancellationToken cancellation)
    {
        var digest = hash.GetHashAndReset();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (attempt > 1)
                {
                    if (await IsThereAsync(digest, cancellation)) return;
                    await SendAgainAsync(cancellation);
                }
                await writer.CommitAsync(cancellation);
                return;
            }
            catch (BackupException error) when (Retry.Allows(error, attempt))
            {
                await retry.WaitAsync(attempt, cancellation);
                if (kept is null && !await retry.RunAsync(() => IsThereAsync(digest, cancellation), cancellation)) throw;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        hash.Dispose();
        await writer.DisposeAsync();
    }

    private async ValueTask SendAgainAsync(CancellationToken cancellation)
    {
        await writer.DisposeAsync();
        writer = await storage.CreateAsync(name, cancellation);
        await writer.WriteAsync(kept!.GetBuffer().AsMemory(0, (int)kept.Length), cancellation);
    }

    // True when the object is there with these bytes: an earlier attempt succeeded and its answer was lost.
    private async ValueTask<bool> IsThereAsync(byte[] digest, CancellationToken cancellation)
    {
        using var found = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
        try
        {
            long position = 0;
            int read;
            do
            {
                read = await storage.ReadAsync(name, position, buffer, cancellation);
                found.AppendData(buffer, 0, read);
                position += read;
            }
            while (read == buffer.Length);
            return position == length && found.GetHashAndReset().AsSpan().SequenceEqual(digest) ? true : throw new ObjectExistsException(name);
        }
        catch (ObjectNotFoundException)
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
