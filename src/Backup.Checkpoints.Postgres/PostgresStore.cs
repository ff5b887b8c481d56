using Backup.Checkpoints.Postgres.Capture;
using Backup.Checkpoints.Postgres.Layouts;
using Backup.Checkpoints.Postgres.Log;
using Backup.Checkpoints.Postgres.Restore;
using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Checkpoints.Postgres;

/// <summary>A LangGraph store in PostgreSQL, of the Python or the JS saver, as source and as target.</summary>
/// <param name="options">Where it is.</param>
/// <param name="time">Clock of waits; the system's when null.</param>
public sealed class PostgresStore(PostgresStoreOptions options, TimeProvider? time = null) : ICheckpointSource, ICheckpointTarget, IChangeLogSource
{
    private readonly Connections connections = new(options);
    private readonly TimeProvider time = time ?? TimeProvider.System;

    /// <inheritdoc/>
    public string Kind => "postgres";

    /// <inheritdoc/>
    public IReadOnlyList<string> Generations => Layouts.Generations.Names;

    /// <inheritdoc/>
    public async Task<ISourceCut> CutAsync(CancellationToken cancellation)
    {
        string? refused = null;
        // The slot is needed until the cut's keeper has its snapshot.
        await using var exact = options.ExactCut ? await TakeExactAsync() : null;
        return await OpenCutAsync(exact?.Token.ToString(), Whole, cancellation, refused) ?? throw new BackupException(ErrorKind.NotFound,
            $"'{options.Name}': schema {options.Schema} holds none of LangGraph's tables ({string.Join(", ", TableNames.Threads)})",
            "Check Schema and the database in its ConnectionString. LangGraph's setup() makes the tables.");

        // A server that does not let its log be read is backed up all the same.
        async Task<ExactSnapshot?> TakeExactAsync()
        {
            try
            {
                return await ExactSnapshot.TakeAsync(options, connections, time, cancellation);
            }
            catch (BackupException error) when (error.Kind == ErrorKind.Usage)
            {
                refused = $"no change log can build on it, because it has no exact position in the source's log: {error.Message}. {error.Hint}";
                return null;
            }
        }
    }

    /// <inheritdoc/>
    public async Task<ISourceCut> JoinCutAsync(string token, CancellationToken cancellation) =>
        await OpenCutAsync(token, Whole, cancellation) ?? throw new CutLostException(token);

    /// <inheritdoc/>
    public Task<IChangeFeed> OpenFeedAsync(string name, ulong? after, CancellationToken cancellation) => new FeedOpening(options, connections, time).OpenAsync(name, after, cancellation);

    /// <inheritdoc/>
    public Task<ulong> PositionAsync(CancellationToken cancellation) => PostgresErrors.GuardAsync(options, async () =>
    {
        await using var connection = await connections.ReadAsync(cancellation);
        return await LogEnd.ReadAsync(connection, cancellation);
    });

    /// <inheritdoc/>
    public Task<ISourceCut?> InspectAsync(TargetIntent intent, CancellationToken cancellation)
    {
        EnsureWritable();
        var captured = CapturedLayout.Of(intent);
        return PostgresErrors.GuardAsync<ISourceCut?>(options, async () =>
        {
            await using (var connection = await connections.ReadAsync(cancellation))
            {
                if (await LayoutReader.ReadAsync(connection, options, cancellation) is not { } found) return null;
                TargetRules.Check(options, captured, found.Layout, intent.Generation);
                if (!TableNames.Threads.All(t => found.Layout.Table(t) is not null)) return null;
            }
            return await OpenCutAsync(null, layout => TargetRules.View(layout, captured), cancellation);
        });
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<DroppedExtra>> DropsAsync(TargetIntent intent, CancellationToken cancellation) => PostgresErrors.GuardAsync(options, async () =>
    {
        await using var connection = await connections.ReadAsync(cancellation);
        var existing = (await LayoutReader.ReadAsync(connection, options, cancellation))?.Layout ?? new() { Schema = options.Schema, Tables = [] };
        return DroppedLayout.Of(CapturedLayout.Of(intent), existing);
    });

    /// <inheritdoc/>
    public Task<ITargetSession> OpenAsync(TargetIntent intent, CancellationToken cancellation)
    {
        EnsureWritable();
        return PostgresErrors.GuardAsync(options, async () =>
        {
            if (intent.Owner is { } owner) await connections.OwnAsync(owner, cancellation);
            return await SessionOpening.OpenAsync(options, connections, intent, cancellation);
        });
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => connections.DisposeAsync();

    private void EnsureWritable()
    {
        if (!options.Writable)
            throw new BackupException(ErrorKind.Usage, $"'{options.Name}' is not writable, so nothing is restored into it",
                $"Set \"Writable\": true on Backup:Sources:{options.Name} if it really is the target.");
    }

    private StoreLayout Whole(StoreLayout layout)
    {
        LayoutRules.CheckKeys(options, layout);
        return layout;
    }

    private Task<ISourceCut?> OpenCutAsync(string? token, Func<StoreLayout, StoreLayout> view, CancellationToken cancellation, string? warning = null) =>
        CutOpening.OpenAsync(options, connections.ReadAsync, token, view, warning, cancellation);
}
