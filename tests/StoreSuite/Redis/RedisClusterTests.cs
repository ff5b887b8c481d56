using System.Globalization;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;
using Backup.Tests.Unit;
using StackExchange.Redis;

namespace Backup.Tests.StoreSuite.Redis;

/// <summary>A Redis Cluster: a store lies in one slot, and goes with it to another node.</summary>
public sealed class RedisClusterTests
{
    private const int Slots = 16384;

    [Fact]
    public async Task A_store_in_one_slot_is_captured_restored_and_followed_to_another_node()
    {
        await using var cluster = await Cluster.StartAsync();
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        // One of them is on a node that is not named.
        for (var i = 0; i < 3; i++)
        {
            await using var store = await new RedisUnderTest(cluster.ConnectionString, tagged: true).SetupAsync();
            await store.WriteAsync(WholenessTests.Filled());
            Contents.AssertEqual(WholenessTests.Filled(), await Contents.ReadAsync(store.Source));
            await using var other = (RedisUnderTest)store.Another();
            await StoreUnderTest.RestoreAsync(other.Target, await store.IntentAsync(), WholenessTests.Filled());
            await StoreUnderTest.RestoreAsync(other.Target, await store.IntentAsync(), WholenessTests.Filled(), [.. WholenessTests.Filled().Units]);
            Contents.AssertEqual(WholenessTests.Filled(), await Contents.ReadAsync(other.Source));
        }

        await using var moving = await new RedisUnderTest(cluster.ConnectionString, tagged: true).SetupAsync();
        await moving.WriteAsync(WholenessTests.Filled());
        await TemporaryArchive.BackupAsync(archive, moving.Source);
        await using (var cut = await moving.Source.CutAsync(default))
        {
            var shards = await cut.PlanAsync(4, default);
            await WholenessTests.FailsAsync(ErrorKind.Unreachable, "failed over", async () =>
            {
                var sink = new HookedSink(1, () => cluster.MoveAsync($"{moving.Options.Prefix}:store"));
                foreach (var shard in shards) await cut.CaptureAsync(shard, sink, default);
            });
        }
        await moving.DeleteAsync("1");
        var compared = await TemporaryArchive.BackupAsync(archive, moving.Source, strategy: BackupStrategyKind.Incremental);
        Assert.Contains("every thread was compared with the base", Assert.Single(compared.Warnings), StringComparison.Ordinal);
        Assert.Equal(WholenessTests.Filled().Units.Count(u => u.Kind == UnitKind.Thread) - 1, compared.Threads);
    }

    [Fact]
    public async Task While_a_slot_moves_nothing_is_captured_or_written_by_half()
    {
        await using var cluster = await Cluster.StartAsync();
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await new RedisUnderTest(cluster.ConnectionString, tagged: true).SetupAsync();
        await store.WriteAsync(WholenessTests.Filled());
        var intent = await store.IntentAsync();
        await cluster.MoveAsync($"{store.Options.Prefix}:store", async () =>
        {
            foreach (var work in new Func<Task>[]
            {
                () => TemporaryArchive.BackupAsync(archive, store.Source), () => store.Target.OpenAsync(intent, default),
                () => store.WriteAsync(Support.Samples.Thread(new(), "new", 1)), () => store.DeleteAsync("1"),
            })
            {
                var error = await Assert.ThrowsAsync<BackupException>(work);
                Assert.Equal((ErrorKind.Unreachable, error.Message), (error.Kind, error.Message));
            }
        });
        Contents.AssertEqual(WholenessTests.Filled(), await Contents.ReadAsync(store.Source));
        Assert.Equal(WholenessTests.Filled().Units.Count(u => u.Kind == UnitKind.Thread), (await TemporaryArchive.BackupAsync(archive, store.Source)).Threads);
    }

    [Fact]
    public async Task A_user_who_may_only_read_below_the_prefix_and_ask_for_the_nodes_is_enough_for_a_backup()
    {
        await using var cluster = await Cluster.StartAsync();
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        // One of them is on a node that is not named.
        for (var i = 0; i < 3; i++)
        {
            await using var store = await new RedisUnderTest(cluster.ConnectionString, tagged: true).SetupAsync();
            await store.WriteAsync(WholenessTests.Filled());
            await cluster.UserAsync($"u{i}", store.Options.Prefix);
            await using var reader = new RedisStore(store.Options with { ConnectionString = $"{cluster.ConnectionString},user=u{i},password=secret" });
            Contents.AssertEqual(WholenessTests.Filled(), await Contents.ReadAsync(reader));
            Assert.Equal(WholenessTests.Filled().Units.Count(u => u.Kind == UnitKind.Thread), (await TemporaryArchive.BackupAsync(archive, reader, $"s{i}")).Threads);
        }
    }

    [Fact]
    public async Task A_prefix_without_a_hash_tag_is_refused_before_anything_is_read_or_written()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var store = new RedisUnderTest(cluster.ConnectionString);
        await using var tagged = await new RedisUnderTest(cluster.ConnectionString, tagged: true).SetupAsync();
        var intent = await tagged.IntentAsync();
        foreach (var work in new Func<Task>[] { () => store.Source.CutAsync(default), () => store.Target.OpenAsync(intent, default), () => store.App.SetupAsync() })
        {
            var error = await Assert.ThrowsAsync<BackupException>(work);
            Assert.Equal(ErrorKind.Usage, error.Kind);
            Assert.Contains("Redis Cluster", error.Message, StringComparison.Ordinal);
            Assert.Contains($"\"{{{store.Options.Prefix}}}\"", error.Hint, StringComparison.Ordinal);
        }
    }

    /// <summary>Two nodes, each with half of the slots.</summary>
    private sealed class Cluster(RedisServer[] nodes) : IAsyncDisposable
    {
        public string ConnectionString => nodes[0].ConnectionString;

        public static async Task<Cluster> StartAsync()
        {
            RedisServer[] nodes = [await RedisServer.StartAsync("--cluster-enabled", "yes"), await RedisServer.StartAsync("--cluster-enabled", "yes")];
            await nodes[0].RunAsync("CLUSTER", "ADDSLOTSRANGE", 0, (Slots / 2) - 1);
            await nodes[1].RunAsync("CLUSTER", "ADDSLOTSRANGE", Slots / 2, Slots - 1);
            await nodes[1].RunAsync("CLUSTER", "SET-CONFIG-EPOCH", 2);
            await nodes[0].RunAsync("CLUSTER", "MEET", "127.0.0.1", nodes[1].Port);
            foreach (var node in nodes)
                while (!(await node.AskAsync("CLUSTER", "INFO")).ToString().Contains("cluster_state:ok", StringComparison.Ordinal) || ((string)(await node.AskAsync("CLUSTER", "NODES"))!).Split('\n').Count(l => l.Contains("connected 0-", StringComparison.Ordinal) || l.Contains("connected 8192-", StringComparison.Ordinal)) < 2)
                    await Task.Yield();
            return new(nodes);
        }

        /// <summary>A user that may do what a backup does (docs/redis.md).</summary>
        public async Task UserAsync(string name, string prefix)
        {
            foreach (var node in nodes) await node.RunAsync("ACL", "SETUSER", name, "on", ">secret", $"~{prefix}:*", "+@read", "+@connection", "+info", "+time", "+multi", "+exec", "+cluster|nodes");
        }

        /// <summary>Moves the slot of a key to the node that does not have it, with everything in it.</summary>
        public async Task MoveAsync(string key, Func<Task>? halfway = null)
        {
            var slot = (int)await nodes[0].AskAsync("CLUSTER", "KEYSLOT", key);
            var (from, to) = slot < Slots / 2 ? (nodes[0], nodes[1]) : (nodes[1], nodes[0]);
            var (fromId, toId) = ((string)(await from.AskAsync("CLUSTER", "MYID"))!, (string)(await to.AskAsync("CLUSTER", "MYID"))!);
            await to.RunAsync("CLUSTER", "SETSLOT", slot, "IMPORTING", fromId);
            await from.RunAsync("CLUSTER", "SETSLOT", slot, "MIGRATING", toId);
            var keys = ((RedisResult[])(await from.AskAsync("CLUSTER", "GETKEYSINSLOT", slot, 10_000))!).Select(k => (object)(string)k!).ToList();
            foreach (var half in keys.Chunk((keys.Count + 1) / 2))
            {
                await from.RunAsync("MIGRATE", ["127.0.0.1", int.Parse(to.Port, CultureInfo.InvariantCulture), "", 0, 5000, "KEYS", .. half]);
                if (halfway is not null) await halfway();
                halfway = null;
            }
            foreach (var node in new[] { to, from }) await node.RunAsync("CLUSTER", "SETSLOT", slot, "NODE", toId);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var node in nodes) await node.DisposeAsync();
        }
    }
}
