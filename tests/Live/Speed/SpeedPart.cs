using System.Diagnostics;
using Backup.Archive.Catalog;
using Backup.Engine.ChangeLog;
using Backup.Live.Losses;
using Npgsql;

namespace Backup.Live.Speed;

/// <summary>How fast the log is kept, what it costs who writes, and how fast a moment is read out of it.</summary>
internal sealed class SpeedPart(IReadOnlyList<string> parts, int seconds) : IAsyncDisposable
{
    private const int Writers = 3;
    private const int Rounds = 4;
    private const int FullMBPerSecond = 10;
    private readonly SourceServer source = new();
    private TestCluster cluster = null!;
    private LogWatcher log = null!;
    private IReadOnlyList<Writer> writers = [];

    public async Task RunAsync()
    {
        await source.ExecuteAsync(Conversations.Tables);
        var rate = await RealRateAsync();
        cluster = await TestCluster.LocalhostAsync(await Store.EmptyAsync(), sources =>
            sources["prod"] = new { Kind = "postgres", source.ConnectionString, Schema = "agents", MaxReadMBPerSecond = FullMBPerSecond, Log = new { Enabled = true } });
        log = LogWatcher.Start(cluster.Opener);
        await Until.TrueAsync("the log has its base", async () => await log.LoadAsync() is { Stretches: [.., var newest] } known && known.BaseBefore(newest, newest.To) is not null, 120);
        if (parts.Contains("capture")) await CaptureAsync(2 * rate);
        if (parts.Contains("put")) await PutAsync(rate);
        if (parts.Contains("replay")) await ReplayAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await EndWritersAsync();
        if (log is not null) await log.DisposeAsync();
        if (cluster is not null) await cluster.DisposeAsync();
    }

    // What LangGraph itself commits on this machine, in a schema nobody follows, as commits of ours.
    private async Task<double> RealRateAsync()
    {
        const int Warm = 4, Measured = 12;
        await source.ExecuteAsync("CREATE SCHEMA lg");
        using var generate = new LangGraph(source.ConnectionString).Start("generate", "--schema", "lg", "--forever", "--turns", "8");
        _ = generate.StandardOutput.ReadToEndAsync();
        await Task.Delay(TimeSpan.FromSeconds(Warm));
        var (before, started) = (await VolumeAsync(), Stopwatch.GetTimestamp());
        await Task.Delay(TimeSpan.FromSeconds(Measured));
        var (after, elapsed) = (await VolumeAsync(), Stopwatch.GetElapsedTime(started).TotalSeconds);
        generate.Kill();
        await generate.WaitForExitAsync();
        var (rows, bytes) = ((after.Rows - before.Rows) / elapsed, (after.Bytes - before.Bytes) / elapsed);
        var commits = Enumerable.Range(1, Conversations.PerThread).ToList();
        var rate = Math.Max(rows / commits.Average(c => Conversations.RowsOf(c)), bytes / commits.Average(c => Conversations.BytesOf(c)));
        Console.WriteLine($"LangGraph itself: {rows:F0} rows/s, {bytes / 1e6:F2} MB/s of values; as many of ours: {rate:F0} commits/s");
        return rate;

        async Task<(long Rows, long Bytes)> VolumeAsync()
        {
            await using var connection = new NpgsqlConnection(source.ConnectionString);
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("""
                select (select count(*) from lg.checkpoints) + (select count(*) from lg.checkpoint_blobs) + (select count(*) from lg.checkpoint_writes),
                  ((select sum(length(checkpoint::text) + length(metadata::text)) from lg.checkpoints) + (select sum(length(blob)) from lg.checkpoint_blobs) + (select sum(length(blob)) from lg.checkpoint_writes))::bigint
                """, connection);
            await using var reader = await command.ExecuteReaderAsync();
            await reader.ReadAsync();
            return (reader.GetInt64(0), reader.GetInt64(1));
        }
    }

    private async Task CaptureAsync(double rate)
    {
        Console.WriteLine($"\ncapture: {rate:F0} commits/s, twice as many as LangGraph's, for {seconds} s");
        await BeginWritersAsync(rate);
        var (losses, started) = (new List<double>(), Stopwatch.GetTimestamp());
        foreach (var writer in writers) writer.Go();
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
        {
            await Task.Delay(500);
            var at = Stopwatch.GetTimestamp();
            var commits = writers.Select(w => w.Commits()).ToList();
            losses.Add(Loss.Of(at, commits, (await log.LoadAsync()).Chain.Head!.Marker.To).Seconds);
        }
        var (written, elapsed) = (Volume(), Stopwatch.GetElapsedTime(started).TotalSeconds);
        foreach (var writer in writers) await writer.PauseAsync();
        Console.WriteLine($"  written: {written.Commits / elapsed:F0} commits/s, {written.Rows / elapsed:F0} rows/s, {written.Bytes / elapsed / 1e6:F2} MB/s");
        Console.WriteLine($"  acknowledged and not in the archive yet, looked at each 0.5 s: p50 {Quantiles.Of(losses, 0.5):F2} s, p99 {Quantiles.Of(losses, 0.99):F2} s, max {losses.Max():F2} s (target: p99 5 s)");
        await CaughtUpAsync();

        // What it can: with a backlog, and nobody who writes beside it.
        await BacklogAsync(20);
    }

    private async Task BacklogAsync(int secondsOfWriting)
    {
        await BeginWritersAsync(0);
        await SignalAsync("STOP");
        foreach (var writer in writers) writer.Go();
        await Task.Delay(TimeSpan.FromSeconds(secondsOfWriting));
        foreach (var writer in writers) await writer.PauseAsync();
        var (written, started) = (Volume(), Stopwatch.GetTimestamp());
        await SignalAsync("CONT");
        await CaughtUpAsync();
        var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine($"  a backlog of {written.Bytes / 1e6:F0} MB, {written.Rows} rows, which {Writers} writers at full speed made in {secondsOfWriting} s, is in the archive after {elapsed:F1} s: {written.Bytes / elapsed / 1e6:F1} MB/s, {written.Rows / elapsed:F0} rows/s");
    }

    private async Task PutAsync(double rate)
    {
        const int Measured = 10;
        Console.WriteLine($"\nput: {rate:F0} commits/s as LangGraph makes, {Rounds} rounds of {Measured} s with the log off (its silo stopped), on, on with a silo that yields the processor (nice 19) as if it had one of its own, and so with a full backup of {FullMBPerSecond} MB/s beside it");
        var (off, on, yielding, full) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        await BeginWritersAsync(rate);
        for (var round = 0; round < Rounds; round++)
        {
            await SignalAsync("STOP");
            off.AddRange(await MeasureAsync(null));
            await SignalAsync("CONT");
            await CaughtUpAsync();
            on.AddRange(await MeasureAsync(null));
            await CaughtUpAsync();
            await YieldAsync(19);
            yielding.AddRange(await MeasureAsync(null));
            await CaughtUpAsync();
            full.AddRange(await MeasureAsync(() => cluster.ToolAsync("create", "prod", "--strategy", "full")));
            await YieldAsync(0);
            await CaughtUpAsync();
        }
        var at = Quantiles.Of(off, 0.99);
        Console.WriteLine($"  off:               p50 {Quantiles.Of(off, 0.5) * 1e3:F2} ms, p99 {at * 1e3:F2} ms");
        Tell("on", on, "1.10");
        Tell("on, yielding", yielding, "1.10");
        Tell("full, yielding", full, "1.20");

        void Tell(string name, List<double> durations, string target) =>
            Console.WriteLine($"  {name + ":",-18} p50 {Quantiles.Of(durations, 0.5) * 1e3:F2} ms, p99 {Quantiles.Of(durations, 0.99) * 1e3:F2} ms: {Quantiles.Of(durations, 0.99) / at:F2} x off (target {target})");

        async Task<List<double>> MeasureAsync(Func<Task<Ran>>? beside)
        {
            foreach (var writer in writers) writer.Durations = [];
            foreach (var writer in writers) writer.Go();
            var work = beside?.Invoke();
            await Task.Delay(TimeSpan.FromSeconds(Measured));
            foreach (var writer in writers) await writer.PauseAsync();
            if (work is not null) (await work).Expect(0);
            return [.. writers.SelectMany(w => w.Durations!)];
        }
    }

    private async Task ReplayAsync()
    {
        const long Bytes = 500_000_000;
        Console.WriteLine($"\nreplay: a moment behind {Bytes / 1e6:F0} MB of values in ticks, behind a backup");
        (await cluster.ToolAsync("create", "prod", "--strategy", "incremental")).Expect(0);
        await BeginWritersAsync(0, deletes: false);
        foreach (var writer in writers) writer.Go();
        while (Volume().Bytes < Bytes) await Task.Delay(200);
        foreach (var writer in writers) await writer.PauseAsync();
        await CaughtUpAsync();
        await SignalAsync("STOP");
        var volume = Volume();
        var archive = await cluster.Opener.OpenAsync("main", default);
        var catalog = await BackupCatalog.LoadAsync(archive, default);
        for (var round = 0; round < 3; round++)
        {
            var target = LogTarget.Newest(await LogCatalog.LoadAsync(archive, catalog, "prod", default))!;
            var (cpu, started) = (Process.GetCurrentProcess().TotalProcessorTime, Stopwatch.GetTimestamp());
            using var moment = await PointInTime.DeriveAsync(archive, catalog, target, null, TimeProvider.System, default);
            var (wall, used) = (Stopwatch.GetElapsedTime(started).TotalSeconds, (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds);
            Console.WriteLine($"  {volume.Bytes / 1e6:F0} MB, {volume.Rows} rows, {target.Ticks().Count} ticks folded in {wall:F1} s, {used:F1} s of processor time: {volume.Bytes / 1e6 / used:F0} MB/s for each core (target 100)");
        }
        await SignalAsync("CONT");
    }

    private async Task BeginWritersAsync(double rate, bool deletes = true)
    {
        await EndWritersAsync();
        writers = Writer.Start(source.ConnectionString, Writers, rate, deletes);
        await Task.Delay(200); // they find out where they are
    }

    private async Task EndWritersAsync()
    {
        foreach (var writer in writers) await writer.DisposeAsync();
    }

    private (long Commits, long Rows, long Bytes) Volume() => writers.SelectMany(w => w.Commits()).Aggregate((Commits: 0L, Rows: 0L, Bytes: 0L),
        (sum, commit) => (sum.Commits + 1, sum.Rows + Conversations.RowsOf(commit.Number), sum.Bytes + Conversations.BytesOf(commit.Number)));

    private async Task CaughtUpAsync()
    {
        await source.ExecuteAsync("update agents.checkpoint_migrations set v = v");
        var position = await source.PositionAsync();
        await Until.TrueAsync("the log has caught up", async () =>
        {
            await Task.Delay(100);
            await source.ExecuteAsync("update agents.checkpoints set type = type where ctid = (select min(ctid) from agents.checkpoints)");
            return (await log.LoadAsync()).Chain.Head!.Marker.To >= position;
        }, 300);
    }

    private Task YieldAsync(int nice) => cluster.Silos.Values.Single().YieldAsync(nice);

    private Task SignalAsync(string signal) => cluster.Silos.Values.Single().SignalAsync(signal);
}
