using Backup.Contracts;

namespace Backup.Checkpoints.S3.Layouts;

/// <summary>What a store is at one instant.</summary>
/// <param name="Layout">Its description.</param>
/// <param name="Time">The server's clock, in whole seconds.</param>
internal sealed record StoreFacts(StoreLayout Layout, DateTimeOffset Time)
{
    /// <summary>So long after its last renewal a mark keeps others out.</summary>
    public static readonly TimeSpan MarkLifetime = TimeSpan.FromSeconds(60);

    /// <summary>Reads them; null when there is no store.</summary>
    /// <exception cref="BackupException">Usage: the store is of another layout. Failed: its description is gone and units are there. Conflict: it is being restored.</exception>
    public static async Task<StoreFacts?> ReadAsync(S3StoreOptions options, S3Bucket bucket, CancellationToken cancellation, bool ownRestore = false)
    {
        var found = await bucket.ListAllAsync(StoreKeys.Store, cancellation);
        var time = bucket.ServerTime;
        if (!ownRestore) await EnsureNotRestoredAsync(options, bucket, found, time, cancellation);
        if (!found.Exists(f => f.Key == StoreKeys.Layout) || await bucket.GetAsync(StoreKeys.Layout, cancellation) is not { } bytes)
        {
            if (await bucket.FirstAsync(StoreKeys.Heads, null, cancellation) is { } unit)
                throw new BackupException(ErrorKind.Failed, $"'{options.Name}' is not whole: its description is gone, and {unit} is there",
                    "Nothing was captured, and nothing is taken for deleted. Objects were removed by hand or by a rule: restore the latest backup.");
            return null;
        }
        return StoreLayout.Read(bytes) is { } layout ? new(layout, time)
            : throw new BackupException(ErrorKind.Usage, $"'{options.Name}' is not of layout log 1", "Nothing was read. Correct Prefix, or use a version of this program that knows the layout.");
    }

    /// <summary>Makes sure that no restore keeps others out.</summary>
    public static async Task EnsureNotRestoredAsync(S3StoreOptions options, S3Bucket bucket, IEnumerable<ListedObject> store, DateTimeOffset time, CancellationToken cancellation)
    {
        foreach (var mark in store.Where(f => f.Key.StartsWith(StoreKeys.Marks, StringComparison.Ordinal) && f.IsLive(time)))
            if (await bucket.GetAsync(mark.Key, cancellation) is [(byte)'x', ..])
                throw new BackupException(ErrorKind.Conflict, $"'{options.Name}' is being restored", "Nothing was changed or captured. Try again when the restore has ended.");
    }
}
