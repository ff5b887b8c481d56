using System.Globalization;
using System.Text;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Checkpoints.Redis.LangGraph;
using Backup.Checkpoints.Stores;
using StackExchange.Redis;

namespace Backup.Tests.StoreSuite.Support;

/// <summary>A store of one of LangGraph's savers in a database of its own, behind the double. Python documents are made by hand, after formats.md §3.1.</summary>
internal sealed class RedisSaverUnderTest : StoreUnderTest
{
    private readonly RedisDoubleFixture fixture;
    private readonly RedisStore store;
    // What the suite's records lack of the Python savers' documents.
    private readonly PythonDialect? dialect;

    public RedisSaverUnderTest(RedisDoubleFixture fixture, RedisLayout layout = RedisLayout.LangGraphJs)
    {
        this.fixture = fixture;
        // One package's savers are read as they are by default, those of the other without a limit.
        Options = new() { Name = "redis", ConnectionString = fixture.Database, Layout = layout, Writable = true, ReadLimit = layout is RedisLayout.LangGraphJs or RedisLayout.LangGraphJsShallow ? null : new(1_000_000_000, TimeProvider.System) };
        store = new(Options);
        dialect = layout switch { RedisLayout.LangGraphPython => new(Extras.RedisPython), RedisLayout.LangGraphPythonShallow => new(Extras.RedisPythonShallow), _ => null };
    }

    public RedisStoreOptions Options { get; }

    /// <summary>The store itself.</summary>
    public RedisStore Store => store;

    public override ICheckpointSource Source => dialect is not null ? new PythonDialect.Source(dialect, store) : store;

    public override ICheckpointTarget Target => dialect is not null ? new PythonDialect.Target(dialect, store) : store;

    private SaverLayout Layout => Options.Saver!;

    /// <summary>Makes the indexes, as the saver does when it is opened.</summary>
    public async Task<RedisSaverUnderTest> SetupAsync()
    {
        await RawAsync(async database =>
        {
            await SaverFacts.IndexAsync(Layout, database);
            return true;
        });
        return this;
    }

    public override async Task WriteAsync(Contents contents) => await RawAsync(async database =>
    {
        var sent = new List<Task>();
        foreach (var unit in contents.Units)
        {
            var having = contents.Records(unit).Where(r => r.Kind == RecordKind.PendingWrite).Select(PendingWrite.Decode).Select(w => (w.Namespace, w.CheckpointId)).ToHashSet();
            var values = contents.Records(unit).Where(r => r.Kind == RecordKind.ChannelBlob).Select(r => ChannelBlob.Decode(r)).ToDictionary(b => (b.Namespace, b.Channel, b.Version), b => b.Value);
            foreach (var plain in contents.Records(unit))
            {
                var record = dialect?.Said(plain) ?? plain;
                switch (record.Kind)
                {
                    case RecordKind.Checkpoint:
                        var checkpoint = Checkpoint.Decode(record);
                        var key = Layout.Keys.Checkpoint(unit.Id, checkpoint.Namespace, checkpoint.CheckpointId);
                        Set(key, await Layout.WriteCheckpoint(unit.Id, checkpoint, having.Contains((checkpoint.Namespace, checkpoint.CheckpointId)), (channel, version) => Task.FromResult(values.GetValueOrDefault((checkpoint.Namespace, channel, version)))));
                        if (Layout.HasPointers && string.CompareOrdinal(await database.StringGetAsync(Layout.Keys.Pointer(unit.Id, checkpoint.Namespace)), key) < 0) await database.StringSetAsync(Layout.Keys.Pointer(unit.Id, checkpoint.Namespace), key);
                        break;
                    case RecordKind.ChannelBlob:
                        if (Layout.ReadValues is not null) break;
                        var blob = ChannelBlob.Decode(record);
                        Set(Layout.Keys.Blob(unit.Id, blob), Layout.WriteBlob(unit.Id, blob));
                        break;
                    default:
                        var write = PendingWrite.Decode(record);
                        var (document, index, scores) = Layout.WriteWrite(unit.Id, write);
                        Set(Layout.Keys.Write(unit.Id, write, index), document);
                        foreach (var (set, score) in scores) sent.Add(database.SortedSetAddAsync(Layout.Keys.WriteSets(unit.Id, write.Namespace, write.CheckpointId)[set], Layout.Keys.Write(unit.Id, write, index), double.Parse(score, CultureInfo.InvariantCulture)));
                        break;
                }
            }
        }
        await Task.WhenAll(sent);
        return true;

        void Set(string key, byte[] document) => sent.Add(database.ExecuteAsync("JSON.SET", (RedisKey)key, "$", document));
    });

    public override Task DeleteAsync(string thread) => RawAsync(async database =>
    {
        foreach (var key in (await KeysAsync()).Keys.Where(k => k.Split(':') is [not "double", var id, ..] && id == thread)) await database.KeyDeleteAsync(key);
        return true;
    });

    public override StoreUnderTest Another() => new RedisSaverUnderTest(fixture, Options.Layout);

    /// <summary>Every key with its document, or the members and scores of its sorted set, and whether it expires.</summary>
    public Task<SortedDictionary<string, string>> KeysAsync() => RawAsync(async database =>
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        await foreach (var page in SaverListing.KeysAsync(database, "*", new(null), default))
        {
            foreach (var key in page.Where(k => k != "double:indexes"))
            {
                var content = key.StartsWith("write_", StringComparison.Ordinal)
                    ? string.Join('\n', (await database.SortedSetRangeByRankWithScoresAsync(key)).Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Element} {e.Score:R}")))
                    : Encoding.UTF8.GetString((byte[])(await database.ExecuteAsync("JSON.GET", (RedisKey)key))!);
                found[key] = $"{await database.KeyTimeToLiveAsync(key) is not null} {content}";
            }
        }
        return found;
    });

    /// <summary>Sets documents past the store, each with its sorted set and score there; one whose set is <c>pointer</c> is a text.</summary>
    public Task DocumentsAsync(IEnumerable<(string Key, string Json, string? Set, double? Score)> documents) => RawAsync(async database =>
    {
        foreach (var (key, json, set, score) in documents)
        {
            if (set == "pointer") await database.StringSetAsync(key, json);
            else await database.ExecuteAsync("JSON.SET", (RedisKey)key, "$", json);
            if (set is not (null or "pointer") && score is { } number) await database.SortedSetAddAsync(set, key, number);
        }
        return true;
    });

    /// <summary>Runs commands past the store.</summary>
    public async Task<T> RawAsync<T>(Func<IDatabase, Task<T>> work)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(Options.ConnectionString + ",allowAdmin=true");
        return await work(connection.GetDatabase());
    }

    public override ValueTask DisposeAsync() => store.DisposeAsync();
}
