using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Catalog;

/// <summary>Reads what finished shards left: how a run is taken up by another owner.</summary>
public static class ShardResults
{
    /// <summary>The results of a run that were read at the cut with this fingerprint, one for each shard.</summary>
    public static async Task<IReadOnlyList<ShardResult>> ListAsync(OpenedArchive archive, RunId run, string cut, CancellationToken cancellation)
    {
        var results = new Dictionary<int, ShardResult>();
        await foreach (var item in archive.Storage.ListAsync(ObjectNames.Run(run), cancellation))
        {
            if (!item.Name.EndsWith(".done", StringComparison.Ordinal)) continue;
            var result = await ReadAsync(archive, item.Name, cancellation);
            if (result.Cut == cut) results.TryAdd(result.Shard, result);
        }
        return [.. results.Values];
    }

    /// <summary>Reads one result.</summary>
    /// <exception cref="DamageException">It is missing or damaged.</exception>
    public static async Task<ShardResult> ReadAsync(OpenedArchive archive, string name, CancellationToken cancellation) =>
        (await SealedDocument.GetAsync<ShardResult>(archive, ObjectKind.ShardResult, name, cancellation)).Value;
}
