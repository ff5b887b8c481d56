using System.Globalization;
using Backup.Checkpoints.Redis.Capture;
using Backup.Checkpoints.Redis.LangGraph;
using Backup.Checkpoints.Redis.Layouts;
using Backup.Checkpoints.Redis.Restore;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis;

/// <summary>A checkpoint store in Redis, in the plain layout or that of one of LangGraph's savers (docs/redis.md), as source and as target.</summary>
/// <param name="options">Where it is.</param>
/// <param name="time">Clock of waits; the system's when null.</param>
public sealed class RedisStore(RedisStoreOptions options, TimeProvider? time = null) : ICheckpointSource, ICheckpointTarget
{
    /// <summary>The kind of this store.</summary>
    public const string KindName = "redis";

    private readonly RedisConnections connections = new(options);
    private readonly PlainKeys keys = new(options.Prefix);
    private readonly TimeProvider time = time ?? TimeProvider.System;

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public Task<ISourceCut> CutAsync(CancellationToken cancellation) => RedisErrors.GuardAsync<ISourceCut>(options, async () =>
    {
        var database = await connections.OpenAsync(cancellation);
        if (options.Saver is { } saver) return await LookAsync(saver, database, cancellation) ?? throw NoSaver(saver);
        var facts = await StoreFacts.ReadAsync(options, database, keys) ?? throw await Missing(database);
        return Cut(database, facts, PlainCut.Describe(facts));
    });

    /// <inheritdoc/>
    /// <remarks>Nothing holds a cut of Redis: it can be joined as long as the store and the server's process are those it was taken of.</remarks>
    public Task<ISourceCut> JoinCutAsync(string token, CancellationToken cancellation) => RedisErrors.GuardAsync<ISourceCut>(options, async () =>
    {
        var database = await connections.OpenAsync(cancellation);
        if (options.Saver is { } saver)
        {
            var now = await SaverFacts.ReadAsync(options, saver, database);
            if (token.Split('/') is not [var process, var history, var at] || (now.RunId, now.ReplicationId) != (process, history)) throw new CutLostException(token);
            return new SaverCut(options, saver, database, now, SaverCut.Describe(saver, now, token, new(long.Parse(at, CultureInfo.InvariantCulture), TimeSpan.Zero), 0));
        }
        if (token.Split('/') is not [var id, var runId, var replicationId, var sequence, var ticks] || await StoreFacts.ReadAsync(options, database, keys) is not { } facts || (facts.Id, facts.RunId, facts.ReplicationId) != (id, runId, replicationId))
            throw new CutLostException(token);
        return Cut(database, facts, PlainCut.Describe(facts, token, new(long.Parse(ticks, CultureInfo.InvariantCulture), TimeSpan.Zero), long.Parse(sequence, CultureInfo.InvariantCulture)));
    });

    /// <inheritdoc/>
    public Task<ISourceCut?> InspectAsync(TargetIntent intent, CancellationToken cancellation)
    {
        EnsureWritable();
        return RedisErrors.GuardAsync<ISourceCut?>(options, async () =>
        {
            var database = await connections.OpenAsync(cancellation);
            if (options.Saver is { } saver) return await LookAsync(saver, database, cancellation);
            return await StoreFacts.ReadAsync(options, database, keys) is { } facts ? Cut(database, facts, PlainCut.Describe(facts)) : null;
        });
    }

    /// <inheritdoc/>
    public bool Expires => true;

    /// <inheritdoc/>
    public Task<IReadOnlyList<DroppedExtra>> DropsAsync(TargetIntent intent, CancellationToken cancellation) => Task.FromResult(options.Saver?.Drops(intent) ?? []);

    /// <inheritdoc/>
    public async Task<ITargetSession> OpenAsync(TargetIntent intent, CancellationToken cancellation)
    {
        EnsureWritable();
        var database = await RedisErrors.GuardAsync(options, () => connections.OpenAsync(cancellation));
        return options.Saver is { } saver ? await SaverSession.OpenAsync(options, saver, database, intent, time, cancellation) : await PlainSession.OpenAsync(options, database, keys, intent, time, cancellation);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => connections.DisposeAsync();

    private PlainCut Cut(IDatabase database, StoreFacts facts, CutDescription description) => new(options, database, keys, facts, description);

    private async Task<ISourceCut?> LookAsync(SaverLayout saver, IDatabase database, CancellationToken cancellation)
    {
        var facts = await SaverFacts.ReadAsync(options, saver, database);
        var threads = await SaverListing.ScanAsync(options, saver, database, "checkpoint*", cancellation);
        if (threads.Count == 0 && !facts.Indexed) return null;
        return new SaverCut(options, saver, database, facts, SaverCut.Describe(saver, facts, null, null, threads.Count), saver.IsShallow ? null : threads.Where(t => t.Value.Newest is not null).ToDictionary(t => t.Key, t => t.Value.Newest!, StringComparer.Ordinal),
            saver.IsShallow ? threads : null, facts.Expires ? await SaverExpiry.ReadAsync(database, new(options.ReadLimit), threads, cancellation) : null);
    }

    private BackupException NoSaver(SaverLayout saver) => new(ErrorKind.NotFound, $"'{options.Name}' has no checkpoints of {saver.Saver} and none of its indexes",
        "Nothing was captured, and nothing is taken for deleted. Check the database in its ConnectionString; a Redis that lost its data looks like this too.");

    // LangGraph's own savers have no place where they say what they are, so a few keys are looked at.
    private async Task<BackupException> Missing(IDatabase database)
    {
        var found = (RedisResult[])(await database.ExecuteAsync("SCAN", 0, "MATCH", "checkpoint*", "COUNT", 1000))!;
        return ((RedisResult[])found[1]!).Length > 0
            ? new(ErrorKind.Usage, $"'{options.Name}' has no store of the plain layout below prefix {options.Prefix}; there are keys as LangGraph's own Redis savers write them", $"Nothing was captured. Set Layout to that of the saver: {string.Join(", ", SaverLayout.All.Select(l => $"\"{l.Name}\" for {l.Saver}"))}.")
            : new(ErrorKind.NotFound, $"'{options.Name}' has no store of the plain layout below prefix {options.Prefix}", "Nothing was captured, and nothing is taken for deleted. Check Prefix and the database in its ConnectionString; a Redis that lost its data looks like this too.");
    }

    private void EnsureWritable()
    {
        if (!options.Writable)
            throw new BackupException(ErrorKind.Usage, $"'{options.Name}' is not writable, so nothing is restored into it",
                $"Set \"Writable\": true on Backup:Sources:{options.Name} if it really is the target.");
    }
}
