using Backup.Checkpoints.Postgres.Layouts;
using Backup.Checkpoints.Stores;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Capture;

/// <summary>Opens cuts on exported snapshots.</summary>
internal static class CutOpening
{
    /// <summary>Takes or joins a cut of what a layout shows of the store; null when the schema holds none of the tables.</summary>
    public static Task<ISourceCut?> OpenAsync(PostgresStoreOptions store, Func<CancellationToken, Task<NpgsqlConnection>> connect, string? token, Func<StoreLayout, StoreLayout> view, string? warning, CancellationToken cancellation) =>
        PostgresErrors.GuardAsync<ISourceCut?>(store, async () =>
        {
            var joined = token is null ? (CutToken?)null : CutToken.Parse(token);
            var scope = await SnapshotScope.OpenAsync(connect, joined?.Snapshot, cancellation);
            try
            {
                if (await LayoutReader.ReadAsync(scope.Keeper, store, cancellation) is not { } found)
                {
                    await scope.DisposeAsync();
                    return null;
                }
                LayoutRules.Check(store, found.Layout);
                var layout = view(found.Layout);
                var description = await CutReader.DescribeAsync(scope.Keeper, layout, found.Ids, scope.Snapshot, joined, cancellation);
                return new PostgresCut(store, layout, warning is null ? description : description with { Warnings = [.. description.Warnings, warning] }, scope);
            }
            catch
            {
                await scope.DisposeAsync();
                throw;
            }
        });
}
