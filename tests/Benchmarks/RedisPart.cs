using System.Globalization;
using Backup.Benchmarks.Data;
using Backup.Benchmarks.Measuring;
using Backup.Checkpoints.Redis;
using StackExchange.Redis;

namespace Backup.Benchmarks;

/// <summary>A Redis of many keys: a full against <c>redis-cli --rdb</c>, what an app waits for meanwhile, an increment after one more turn of one thread in a hundred.</summary>
internal static class RedisPart
{
    private const string Ours = "backup create";
    private const string Rdb = "redis-cli --rdb";

    public static async Task RunAsync(Bench bench, BenchmarkOptions options, Ledger ledger, Targets targets)
    {
        var address = Environment.GetEnvironmentVariable("TEST_REDIS") is { Length: > 0 } value ? value : throw new InvalidOperationException("TEST_REDIS is not set: run bash tests/proof.sh benchmark, which starts the servers");
        await using var server = await ConnectionMultiplexer.ConnectAsync($"{address},allowAdmin=true,asyncTimeout=60000");
        var admin = server.GetServers()[0];
        await admin.FlushDatabaseAsync();
        // Otherwise the server waits five seconds for a second replica before it begins.
        await admin.ConfigSetAsync("repl-diskless-sync-delay", "0");
        await using var store = new PlainCheckpointer(new() { Name = "bench", ConnectionString = address });
        await store.SetupAsync();
        var data = new RedisData(store, options.Keys / 2, seed: 7);
        await data.FillAsync();
        Console.WriteLine($"redis: {await admin.DatabaseSizeAsync()} keys, {data.Threads} threads, {(await admin.InfoAsync("memory"))[0].First(i => i.Key == "used_memory_human").Value} of memory");

        if (options.Parts.Contains("redis")) await SpeedAsync(bench, data, address, options, ledger, targets);
        if (options.Parts.Contains("redis-apps")) await LoadAsync(bench, store, data, admin, address, options, targets);
        await admin.FlushDatabaseAsync();
    }

    private static async Task SpeedAsync(Bench bench, RedisData data, string address, BenchmarkOptions options, Ledger ledger, Targets targets)
    {
        var tool = new Tool(bench, "redis", new Dictionary<string, object> { ["prod"] = Source(address, 0) });
        for (var round = 1; round <= options.Rounds; round++)
        {
            Console.WriteLine($"redis, round {round} of {options.Rounds}");
            await tool.InitAsync();
            var (measured, report) = await tool.RunAsync("create prod");
            Expect.Same("threads in the backup", data.Threads, report.GetProperty("threads").GetInt32());
            ledger.Add(Ours, measured);
            ledger.Size(Ours, Bench.SizeOf(tool.Archive));
            var file = bench.Path("dump.rdb");
            var (host, port) = (address.Split(':')[0], address.Split(':')[1]);
            ledger.Add(Rdb, await ShellCommand.RunAsync($"redis-cli -h {host} -p {port} --rdb '{file}'", new Dictionary<string, string>(), bench.Server));
            ledger.Size(Rdb, Bench.SizeOf(file));
            Bench.Remove(file);
        }
        ledger.Print("redis, full backup", [Ours, Rdb]);
        targets.Add("redis: wall against redis-cli --rdb", ledger.Wall(Ours) / ledger.Wall(Rdb), 1 / 0.6);

        await IncrementAsync(tool, data, targets, ledger);
        // The same archive.
        var (limited, _) = await new Tool(bench, "redis", new Dictionary<string, object> { ["prod"] = Source(address, null) }).RunAsync("create prod --strategy incremental");
        Console.WriteLine($"  increment after nothing, default limit: {limited.Wall:F2} s");
    }

    // In turns, so that all are of the same server in the same state. Where the backup runs beside the server it takes processors from it and the
    // app too. What Redis itself makes an app wait is seen where these two have them first, as if the backup was on a machine of its own.
    private static async Task LoadAsync(Bench bench, PlainCheckpointer store, RedisData data, IServer admin, string address, BenchmarkOptions options, Targets targets)
    {
        await using var client = new LiveClient(store, data.Threads);
        client.Start();
        var alone = new Dictionary<bool, List<double>> { [false] = [], [true] = [] };
        var beside = new Dictionary<(int? Limit, bool First), List<double>>();
        var both = new[] { (await admin.InfoAsync("server"))[0].Single(i => i.Key == "process_id").Value, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) };
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var limit in new int?[] { 0, null })
            {
                foreach (var first in new[] { false, true })
                {
                    foreach (var process in both) await ShellCommand.RunAsync($"chrt --all-tasks {(first ? "--rr" : "--other")} --pid {(first ? 10 : 0)} {process}", new Dictionary<string, string>(), bench.Server);
                    client.Clear();
                    await Task.Delay(TimeSpan.FromSeconds(10));
                    var quiet = client.Take();
                    alone[first].Add(quiet.P99);
                    var limited = new Tool(bench, "limited", new Dictionary<string, object> { ["prod"] = Source(address, limit) }, "chrt --other 0");
                    await limited.InitAsync();
                    client.Clear();
                    var (measured, _) = await limited.RunAsync("create prod");
                    var loaded = client.Take();
                    if (!beside.TryGetValue((limit, first), out var all)) beside[(limit, first)] = all = [];
                    all.Add(loaded.P99);
                    Bench.Remove(limited.Archive);
                    Console.WriteLine($"  {Say(limit, first),-40} {measured.Wall,7:F1} s; an app waits p50 {quiet.P50:F2} ms, p99 {quiet.P99:F2} ms alone, p50 {loaded.P50:F2} ms, p99 {loaded.P99:F2} ms beside it ({loaded.Answers} answers)");
                }
            }
        }
        foreach (var ((limit, first), p99) in beside) targets.Add($"redis: p99 of an app, full with {Say(limit, first)}", Median(p99) / Median(alone[first]), 1.2);
    }

    private static string Say(int? limit, bool first) => $"{(limit is null ? "default limit" : "no limit")}, {(first ? "server and app first" : "all alike")}";

    private static Dictionary<string, object> Source(string address, int? limit)
    {
        var source = new Dictionary<string, object> { ["Kind"] = "redis", ["ConnectionString"] = address, ["Layout"] = "plain" };
        if (limit is { } set) source["MaxReadMBPerSecond"] = set;
        return source;
    }

    private static async Task IncrementAsync(Tool tool, RedisData data, Targets targets, Ledger ledger)
    {
        await tool.RunAsync("create prod --strategy incremental");
        var grown = await data.GrowAsync();
        var before = Bench.SizeOf(tool.Archive);
        var (measured, report) = await tool.RunAsync("create prod --strategy incremental");
        Expect.Same("strategy", "incremental", report.GetProperty("strategy").GetString()!);
        Console.WriteLine($"  increment after one more turn of {grown} threads: {measured.Wall:F2} s, {(Bench.SizeOf(tool.Archive) - before) / 1e3:F0} kB, peak {measured.PeakBytes / 1e6:F0} MB");
        targets.Add("redis: increment after 1 %, wall against the full's", measured.Wall / ledger.Wall(Ours), 1);
        targets.Add("redis: peak MB of a full", ledger.Peak(Ours) / 1e6, 300);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
