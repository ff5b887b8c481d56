using System.Globalization;
using System.Text;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Checkpoints.Redis.LangGraphJs;
using Backup.Checkpoints.Stores;
using StackExchange.Redis;

namespace Backup.Tests.StoreSuite.Support;

/// <summary>A store of LangGraph's JS saver in a database of its own, behind the double.</summary>
internal sealed class RedisJsUnderTest : StoreUnderTest
{
    private readonly RedisDoubleFixture fixture;
    private readonly RedisStore store;

    public RedisJsUnderTest(RedisDoubleFixture fixture)
    {
        this.fixture = fixture;
        Options = new() { Name = "redis", ConnectionString = fixture.Database, LangGraphJs = true, Writable = true };
        store = new(Options);
    }

    public RedisStoreOptions Options { get; }

    public override ICheckpointSource Source => store;

    public override ICheckpointTarget Target => store;

    /// <summary>Makes the indexes, as the saver does when it is opened.</summary>
    public async Task<RedisJsUnderTest> SetupAsync()
    {
        await RawAsync(async database =>
        {
            await JsFacts.IndexAsync(database);
            return true;
        });
        return this;
    }

    public override async Task WriteAsync(Contents contents) => await RawAsync(async database =>
    {
        foreach (var unit in contents.Units)
        {
            var having = contents.Records(unit).Where(r => r.Kind == RecordKind.PendingWrite).Select(PendingWrite.Decode).Select(w => (w.Namespace, w.CheckpointId)).ToHashSet();
            foreach (var record in contents.Records(unit))
            {
                switch (record.Kind)
                {
                    case RecordKind.Checkpoint:
                        var checkpoint = Checkpoint.Decode(record);
                        await SetAsync(JsKeys.Checkpoint(unit.Id, checkpoint.Namespace, checkpoint.CheckpointId), await JsRecords.WriteAsync(unit.Id, checkpoint, having.Contains((checkpoint.Namespace, checkpoint.CheckpointId)), null!));
                        break;
                    case RecordKind.ChannelBlob:
                        var blob = ChannelBlob.Decode(record);
                        await SetAsync(JsKeys.Blob(unit.Id, blob), JsRecords.Write(unit.Id, blob));
                        break;
                    default:
                        var write = PendingWrite.Decode(record);
                        var (document, score) = JsRecords.Write(unit.Id, write);
                        await SetAsync(JsKeys.Write(unit.Id, write), document);
                        await database.SortedSetAddAsync(JsKeys.WriteSet(unit.Id, write.Namespace, write.CheckpointId), JsKeys.Write(unit.Id, write), double.Parse(score!, CultureInfo.InvariantCulture));
                        break;
                }
            }
        }
        return true;

        Task SetAsync(string key, byte[] document) => database.ExecuteAsync("JSON.SET", (RedisKey)key, "$", document);
    });

    public override Task DeleteAsync(string thread) => RawAsync(async database =>
    {
        foreach (var key in (await KeysAsync()).Keys.Where(k => k.Split(':') is [not "double", var id, ..] && id == thread)) await database.KeyDeleteAsync(key);
        return true;
    });

    public override StoreUnderTest Another() => new RedisJsUnderTest(fixture);

    /// <summary>Every key with its document, or the members and scores of its sorted set, and whether it expires.</summary>
    public Task<SortedDictionary<string, string>> KeysAsync() => RawAsync(async database =>
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        await foreach (var page in JsListing.KeysAsync(database, "*", default))
        {
            foreach (var key in page.Where(k => k != "double:indexes"))
            {
                var content = key.StartsWith("write_keys_zset:", StringComparison.Ordinal)
                    ? string.Join('\n', (await database.SortedSetRangeByRankWithScoresAsync(key)).Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Element} {e.Score:R}")))
                    : Encoding.UTF8.GetString((byte[])(await database.ExecuteAsync("JSON.GET", (RedisKey)key))!);
                found[key] = $"{await database.KeyTimeToLiveAsync(key) is not null} {content}";
            }
        }
        return found;
    });

    /// <summary>Runs commands past the store.</summary>
    public async Task<T> RawAsync<T>(Func<IDatabase, Task<T>> work)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(Options.ConnectionString + ",allowAdmin=true");
        return await work(connection.GetDatabase());
    }

    public override ValueTask DisposeAsync() => store.DisposeAsync();
}
