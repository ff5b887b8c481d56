using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Tests.StoreSuite.Support;

/// <summary>A store of the plain layout under a prefix of its own.</summary>
internal sealed class RedisUnderTest : StoreUnderTest
{
    private readonly RedisStore store;

    public RedisUnderTest(string? server = null, TimeProvider? time = null, bool tagged = false, string? prefix = null)
    {
        Options = new() { Name = "redis", ConnectionString = server ?? Server, Prefix = prefix is not null ? prefix : tagged ? $"{{test:{Randomness.Token(8)}}}" : $"test:{Randomness.Token(8)}", Writable = true };
        (store, App) = (new(Options, time), new(Options));
    }

    public static string Server => Environment.GetEnvironmentVariable("TEST_REDIS") is { Length: > 0 } value ? value
        : throw new InvalidOperationException("TEST_REDIS is not set: it must be host:port of a Redis server. Run tests/run.sh, which starts the servers.");

    public RedisStoreOptions Options { get; }

    public PlainCheckpointer App { get; }

    public override ICheckpointSource Source => store;

    public override ICheckpointTarget Target => store;

    public async Task<RedisUnderTest> SetupAsync()
    {
        await App.SetupAsync();
        return this;
    }

    public override async Task WriteAsync(Contents contents)
    {
        foreach (var unit in contents.Units) await App.WriteAsync(unit, [.. contents.Records(unit)]);
    }

    public override Task DeleteAsync(string thread) => App.DeleteThreadAsync(thread);

    public override StoreUnderTest Another() => new RedisUnderTest(Options.ConnectionString, tagged: Options.Prefix.StartsWith('{'));

    /// <summary>Runs commands that no app would.</summary>
    public async Task<T> RawAsync<T>(Func<IDatabase, Task<T>> work)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(Options.ConnectionString + ",allowAdmin=true");
        return await work(connection.GetDatabase());
    }

    /// <summary>Every key below the prefix.</summary>
    public Task<List<string>> KeysAsync() => RawAsync(async database =>
    {
        var found = new List<string>();
        await foreach (var key in database.Multiplexer.GetServers()[0].KeysAsync(database.Database, $"{Options.Prefix}:*")) found.Add((string)key!);
        return found;
    });

    public override async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await App.DisposeAsync();
    }
}
