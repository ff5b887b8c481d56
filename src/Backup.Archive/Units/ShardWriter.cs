using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Units;

/// <summary>Writes one attempt at one shard of a backup: its units, and at the end the shard's result.</summary>
public sealed class ShardWriter : UnitWriter
{
    private readonly OpenedArchive archive;
    private readonly RunId run;
    private readonly int shard;
    private readonly string attempt;

    /// <summary>Starts an attempt.</summary>
    public ShardWriter(OpenedArchive archive, RunId run, int shard, TimeProvider time) : this(archive, run, shard, Randomness.Token(8), time)
    {
    }

    private ShardWriter(OpenedArchive archive, RunId run, int shard, string attempt, TimeProvider time) : base(archive, ObjectNames.Shard(run, shard, attempt), time)
    {
        this.archive = archive;
        this.run = run;
        this.shard = shard;
        this.attempt = attempt;
    }

    /// <summary>Writes what is left, the shard's index and its result, which makes the shard done.</summary>
    public async Task<ShardResult> CompleteAsync(string cut, Func<UnitEntry, Totals> count, CancellationToken cancellation)
    {
        var (segments, index, totals) = await CompleteAsync(count, cancellation);
        var name = ObjectNames.ShardResult(run, shard, attempt);
        var result = new ShardResult { Name = name, Shard = shard, Cut = cut, Segments = segments, Index = index, Totals = totals };
        await SealedDocument.PutAsync(archive, ObjectKind.ShardResult, name, result, cancellation);
        return result;
    }
}
