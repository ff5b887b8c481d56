using System.Globalization;
using Backup.Checkpoints.Redis.Capture;
using Backup.Checkpoints.Redis.LangGraphJs;
using Backup.Checkpoints.Redis.Layouts;
using Backup.Checkpoints.Redis.Restore;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis;

/// <summary>A checkpoint store in Redis, in the plain layout or that of LangGraph's JS saver (docs/redis.md), as source and as target.</summary>
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
        if (options.LangGraphJs) return await LookAsync(database, cancellation) ?? throw NoSaver();
        var facts = await StoreFacts.ReadAsync(options, database, keys) ?? throw await Missing(database);
        return Cut(database, facts, PlainCut.Describe(facts));
    });

    /// <inheritdoc/>
    /// <remarks>Nothing holds a cut of Redis: it can be joined as long as the store and the server's process are those it was taken of.</remarks>
    public Task<ISourceCut> JoinCutAsync(string token, CancellationToken cancellation) => RedisErrors.GuardAsync<ISourceCut>(options, async () =>
    {
        var database = await connections.OpenAsync(cancellation);
        if (options.LangGraphJs)
        {
            var now = await JsFacts.ReadAsync(options, database);
            if (token.Split('/') is not [var process, var history, var at] || (now.RunId, now.ReplicationId) != (process, history)) throw new CutLostException(token);
            return new JsCut(options, database, now, JsCut.Describe(now, token, new(long.Parse(at, CultureInfo.InvariantCulture), TimeSpan.Zero), 0));
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
            if (options.LangGraphJs) return await LookAsync(database, cancellation);
            return await StoreFacts.ReadAsync(options, database, keys) is { } facts ? Cut(database, facts, PlainCut.Describe(facts)) : null;
        });
    }

    /// <inheritdoc/>
    public async Task<ITargetSession> OpenAsync(TargetIntent intent, CancellationToken cancellation)
    {
        EnsureWritable();
        var database = await RedisErrors.GuardAsync(options, () => connections.OpenAsync(cancellation));
        return options.LangGraphJs ? await JsSession.OpenAsync(options, database, intent, time, cancellation) : await PlainSession.OpenAsync(options, database, keys, intent, time, cancellation);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => connections.DisposeAsync();

    private PlainCut Cut(IDatabase database, StoreFacts facts, CutDescription description) => new(options, database, keys, facts, description);

    private async Task<ISourceCut?> LookAsync(IDatabase database, CancellationToken cancellation)
    {
        var facts = await JsFacts.ReadAsync(options, database);
        var threads = await JsListing.ScanAsync(options, database, "checkpoint*", cancellation);
        if (threads.Count == 0 && !facts.Indexed) return null;
        return new JsCut(options, database, facts, JsCut.Describe(facts, null, null, threads.Count), threads.Where(t => t.Value.Newest is not null).ToDictionary(t => t.Key, t => t.Value.Newest!, StringComparer.Ordinal),
            facts.Expires ? await JsExpiry.ReadAsync(database, threads, cancellation) : null);
    }

    private BackupException NoSaver() => new(ErrorKind.NotFound, $"'{options.Name}' has no checkpoints of LangGraph's JS saver and none of its indexes",
        "Nothing was captured, and nothing is taken for deleted. Check the database in its ConnectionString; a Redis that lost its data looks like this too.");

    // LangGraph's own savers have no place where they say what they are, so a few keys are looked at.
    private async Task<BackupException> Missing(IDatabase database)
    {
        var found = (RedisResult[])(await database.ExecuteAsync("SCAN", 0, "MATCH", "checkpoint*", "COUNT", 1000))!;
        return ((RedisResult[])found[1]!).Length > 0
            ? new(ErrorKind.Usage, $"'{options.Name}' has no store of the plain layout below prefix {options.Prefix}; there are keys as LangGraph's own Redis savers write them", "Nothing was captured. For LangGraph's JS saver set \"Layout\": \"langgraph-js\"; its Python saver's layout is not read.")
            : new(ErrorKind.NotFound, $"'{options.Name}' has no store of the plain layout below prefix {options.Prefix}", "Nothing was captured, and nothing is taken for deleted. Check Prefix and the database in its ConnectionString; a Redis that lost its data looks like this too.");
    }

    private void EnsureWritable()
    {
        if (!options.Writable)
            throw new BackupException(ErrorKind.Usage, $"'{options.Name}' is not writable, so nothing is restored into it",
                $"Set \"Writable\": true on Backup:Sources:{options.Name} if it really is the target.");
    }
}
