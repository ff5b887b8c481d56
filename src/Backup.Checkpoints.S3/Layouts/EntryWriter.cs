using System.Globalization;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.S3.Layouts;

/// <summary>Collects the records of one entry; what does not fit into it is written beside it as it comes.</summary>
internal sealed class EntryWriter(S3Bucket bucket, string session)
{
    // A record larger than this is a part of its own.
    private const long PartBytes = 4 << 20;
    private readonly List<EncodedRecord> pending = [];
    private readonly List<EntryPart> parts = [];
    private long pendingBytes;

    /// <summary>Bytes of all records.</summary>
    public long Bytes { get; private set; }

    /// <summary>Sum of their digests.</summary>
    public Digest256 Content { get; private set; }

    /// <summary>Objects beside the entry.</summary>
    public int Parts => parts.Count;

    /// <summary>Adds a record; its memory is copied.</summary>
    public async ValueTask AddAsync(EncodedRecord record, CancellationToken cancellation)
    {
        if (pending.Count > 0 && pendingBytes + record.Bytes.Length > PartBytes) await FlushAsync(cancellation);
        pending.Add(new(record.Bytes.ToArray(), record.KeyLength));
        pendingBytes += record.Bytes.Length;
        Bytes += record.Bytes.Length;
        Content += Digest256.Of(record.Bytes.Span);
    }

    /// <summary>The entry with all of them.</summary>
    public async Task<LogEntry> EndAsync(UnitId unit, bool anew, IReadOnlyList<ReadOnlyMemory<byte>> removed, CancellationToken cancellation)
    {
        if (parts.Count > 0 || pendingBytes > PartBytes) await FlushAsync(cancellation);
        return new() { Unit = unit, Anew = anew, Removed = removed, Parts = [.. parts], Records = [.. pending] };
    }

    private async Task FlushAsync(CancellationToken cancellation)
    {
        if (pending.Count == 0) return;
        var bytes = LogEntry.EncodePart(pending);
        var part = new EntryPart(string.Create(CultureInfo.InvariantCulture, $"{StoreKeys.Parts(session)}{Contracts.Randomness.Token(16)}"), Digest256.Of(bytes));
        await bucket.PutAsync(part.Key, bytes, cancellation);
        parts.Add(part);
        pending.Clear();
        pendingBytes = 0;
    }
}
