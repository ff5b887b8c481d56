using System.Globalization;
using Backup.Tests.StoreSuite.Support;
using StackExchange.Redis;

namespace Backup.Tests.EndToEnd.Support;

/// <summary>Databases of the Redis that tests/run.sh starts, with the double of the modules in front of them.</summary>
public sealed class RedisJsDatabases : IAsyncDisposable
{
    private static readonly int[] Numbers = [11, 12, 13];
    private readonly RedisDouble played;
    private readonly ConnectionMultiplexer stock;

    private RedisJsDatabases(RedisDouble played, ConnectionMultiplexer stock) => (this.played, this.stock) = (played, stock);

    public static async Task<RedisJsDatabases> CreateAsync()
    {
        var server = Environment.GetEnvironmentVariable("TEST_REDIS") ?? throw new InvalidOperationException("TEST_REDIS is not set. Run tests/run.sh, which starts the servers.");
        var databases = new RedisJsDatabases(await RedisDouble.StartAsync(server), await ConnectionMultiplexer.ConnectAsync(server + ",allowAdmin=true"));
        for (var i = 0; i < Numbers.Length; i++) await databases.EmptyAsync(i);
        return databases;
    }

    public string Connection(int number) => $"{played.Address},defaultDatabase={Numbers[number]}";

    public string Url(int number) => $"redis://{played.Address}/{Numbers[number]}";

    public Task EmptyAsync(int number) => stock.GetDatabase(Numbers[number]).ExecuteAsync("FLUSHDB");

    /// <summary>Every key with its document, or the members and scores of its sorted set, and whether it expires.</summary>
    public async Task<SortedDictionary<string, string>> KeysAsync(int number)
    {
        var database = stock.GetDatabase(Numbers[number]);
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        await foreach (var key in stock.GetServers()[0].KeysAsync(Numbers[number], "*"))
            found[(string)key!] = $"{await database.KeyTimeToLiveAsync(key) is not null} " + await database.KeyTypeAsync(key) switch
            {
                RedisType.SortedSet => string.Join('\n', (await database.SortedSetRangeByRankWithScoresAsync(key)).Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Element} {e.Score:R}"))),
                RedisType.Hash => string.Join('\n', (await database.HashGetAllAsync(key)).Select(e => $"{e}").Order(StringComparer.Ordinal)),
                _ => (string?)await database.StringGetAsync(key),
            };
        return found;
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = 0; i < Numbers.Length; i++) await EmptyAsync(i);
        await stock.DisposeAsync();
        played.Dispose();
    }
}
