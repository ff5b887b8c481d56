using Backup.Tests.Cluster.Support;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Backup.Tests.Cluster.Fleet;

public sealed class MembershipRowTests
{
    [Fact]
    public async Task A_silo_whose_row_is_gone_is_alive_and_not_ready()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        var options = TestOptions.Fleet(TestOptions.NewClusterId(), database.ConnectionString);
        await using var silo = await TestServer.StartAsync(options);
        Assert.Equal((200, "Healthy\n"), await silo.GetAsync("/health/ready"));

        var redis = await Servers.RedisDatabaseAsync();
        var address = silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        var table = await FindTableAsync(redis, options.Cluster!.ClusterId);
        Assert.True(await redis.HashDeleteAsync(table, address.ToString()), $"{table} has no row {address}");

        var (status, text) = await silo.GetAsync("/health/ready");
        Assert.Equal(503, status);
        Assert.Contains("membership: this silo's row is gone", text);
        Assert.Equal(200, (await silo.GetAsync("/health/live")).Status);

        // Redis has lost everything: the same is said, and what to do.
        var rest = await redis.HashGetAllAsync(table);
        await redis.KeyDeleteAsync(table);
        (status, text) = await silo.GetAsync("/health/ready");
        Assert.Equal(503, status);
        Assert.Contains("membership: this silo's row is gone", text);
        Assert.Contains("restart every silo", text);
        await redis.HashSetAsync(table, rest); // a silo that leaves looks for its table for minutes
    }

    private static async Task<RedisKey> FindTableAsync(IDatabase redis, string clusterId)
    {
        await foreach (var key in redis.Multiplexer.GetServers()[0].KeysAsync(pattern: $"*{clusterId}*")) return key;
        throw new InvalidOperationException("Redis has no membership table");
    }
}
