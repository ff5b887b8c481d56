using System.Globalization;
using Backup.Checkpoints.Redis;
using Backup.Tests.StoreSuite.Support;

namespace Backup.Tests.StoreSuite.Model;

/// <summary>Short random lives of stores; <c>bash tests/proof.sh stores</c> has long ones.</summary>
public sealed class StoreLifeTests(RedisDoubleFixture doubles) : IClassFixture<RedisDoubleFixture>
{
    private static readonly string[] Plain = ["t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9", "t10"];

    [Theory]
    [InlineData("memory")]
    [InlineData("redis")]
    [InlineData("s3")]
    [InlineData("langgraph-js")]
    [InlineData("langgraph-python")]
    [InlineData("langgraph-js-shallow")]
    [InlineData("langgraph-python-shallow")]
    public async Task Backups_hold_each_thread_as_it_was_while_they_were_taken(string name)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        var turns = int.TryParse(Environment.GetEnvironmentVariable("LIFE_TURNS"), CultureInfo.InvariantCulture, out var many) ? many : 8;
        try
        {
            await using var life = await StoreLife.BeginAsync(Kind(name), seed);
            await life.LiveAsync(turns);
            TestContext.Current.SendDiagnosticMessage($"{name}, SEED={seed}: {life.Done}");
            if (turns > 100) Console.WriteLine($"{name}, SEED={seed}: {life.Done}");
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"SEED={seed}: {error.Message}", error);
        }
    }

    private StoreKind Kind(string name)
    {
        Func<Task<StoreUnderTest>> memory = () => Task.FromResult<StoreUnderTest>(new MemoryUnderTest()), redis = () => Task.FromResult<StoreUnderTest>(new RedisUnderTest()),
            s3 = () => Task.FromResult<StoreUnderTest>(new S3UnderTest());
        return name switch
        {
            "memory" => new(memory, memory, Support.Samples.OddIds, Atomic: true, Memory: true, Shallow: false, Blobs: true, [redis, s3]),
            "redis" => new(async () => await new RedisUnderTest().SetupAsync(), memory, Support.Samples.OddIds, Atomic: true, Memory: true, Shallow: false, Blobs: true, [redis, s3]),
            "s3" => new(async () => await new S3UnderTest().SetupAsync(), memory, Support.Samples.OddIds, Atomic: true, Memory: true, Shallow: false, Blobs: true, [redis, s3]),
            "langgraph-js" => Saver(RedisLayout.LangGraphJs),
            "langgraph-python" => Saver(RedisLayout.LangGraphPython),
            "langgraph-js-shallow" => Saver(RedisLayout.LangGraphJsShallow),
            _ => Saver(RedisLayout.LangGraphPythonShallow),
        };

        StoreKind Saver(RedisLayout layout)
        {
            Func<Task<StoreUnderTest>> create = async () => await new RedisSaverUnderTest(doubles, layout).SetupAsync();
            return new(create, create, Plain, Atomic: false, Memory: false, layout is RedisLayout.LangGraphJsShallow or RedisLayout.LangGraphPythonShallow, layout != RedisLayout.LangGraphPythonShallow,
                layout is RedisLayout.LangGraphJs or RedisLayout.LangGraphJsShallow ? [memory, redis, s3] : []);
        }
    }
}
