using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Backup.Tests.EndToEnd.Support;

namespace Backup.Tests.EndToEnd;

/// <summary>
/// MIGRATE_THREADS threads (tests/proofs/migrate.sh) go from PostgreSQL to Redis while real LangGraph writes: killed in the middle of the first
/// restore, run again, cut over at a terminal by an operator who stops the writer when asked and then says yes.
/// </summary>
public sealed class MigrateProof(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Real = 50; // threads that LangGraph wrote; the rest are copies of them under other ids
    private readonly int threads = int.Parse(Environment.GetEnvironmentVariable("MIGRATE_THREADS") ?? "200", CultureInfo.InvariantCulture);
    private readonly string turnsOfAThread = Environment.GetEnvironmentVariable("MIGRATE_TURNS") ?? "1";
    private TestPostgres database = null!;
    private LangGraph langGraph = null!;
    private Tool tool = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestPostgres.CreateAsync();
        langGraph = new(database.ConnectionString);
        tool = new Tool().Source("prod", database.ConnectionString + ";Options=-c default_transaction_read_only=on", "agents").Redis("redis");
        (await tool.RunAsync("archive", "init", "main")).Expect(0);
    }

    public async ValueTask DisposeAsync()
    {
        tool.Dispose();
        await database.DisposeAsync();
    }

    [Fact(Explicit = true)]
    public async Task A_store_moves_to_Redis_through_a_kill_with_a_short_pause()
    {
        (await langGraph.RunAsync("generate", "--schema", "agents", "--threads", $"{Real}", "--turns", turnsOfAThread)).Expect(0);
        await MultiplyAsync("checkpoints", "checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata");
        await MultiplyAsync("checkpoint_blobs", "checkpoint_ns, channel, version, type, blob");
        await MultiplyAsync("checkpoint_writes", "checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob");
        await database.ExecuteAsync("VACUUM ANALYZE");

        using var writer = langGraph.Start("generate", "--schema", "agents", "--seed", "2", "--forever", "--turns", "6");
        long turns = 0;
        writer.OutputDataReceived += (_, _) => Interlocked.Increment(ref turns);
        writer.ErrorDataReceived += (_, _) => { };
        writer.BeginOutputReadLine();
        writer.BeginErrorReadLine();
        await tool.DieAsync(threads < 1500 ? "restore.window" : "restore.window:3", "migrate", "--from", "prod", "--to", "redis");
        output.WriteLine("killed while it restored; run again");
        var (report, stopped) = await CutOverAsync(writer);
        Assert.True(report.GetProperty("cutOver").GetBoolean());
        Assert.True(report.GetProperty("threads").GetInt64() >= threads);
        Assert.Equal(report.GetProperty("stateRoot").GetString(), (await tool.RunAsync("create", "redis", "--strategy", "full")).Expect(0)["stateRoot"]);
        var source = (await tool.RunAsync("create", "prod", "--strategy", "full")).Expect(0).Json;
        Assert.Equal(report.GetProperty("stateRoot").GetString(), source.GetProperty("stateRoot").GetString());
        foreach (var round in report.GetProperty("rounds").EnumerateArray())
            output.WriteLine($"round: {round.GetProperty("written")} threads written, {round.GetProperty("seconds").GetDouble():0.00} s");
        output.WriteLine($"{report.GetProperty("threads")} threads, {source.GetProperty("records")} records, {source.GetProperty("rawBytes").GetInt64() / 1e6:0} MB, {turns} turns were written meanwhile; exact");
        output.WriteLine($"cut-over pause {report.GetProperty("pauseSeconds").GetDouble():0.00} s (from the stop of the writer {stopped.Elapsed.TotalSeconds:0.00} s), of it final increment and restore {report.GetProperty("rounds")[report.GetProperty("rounds").GetArrayLength() - 1].GetProperty("seconds").GetDouble():0.00} s");
    }

    private Task MultiplyAsync(string table, string columns) =>
        database.ExecuteAsync($"INSERT INTO agents.{table} (thread_id, {columns}) SELECT thread_id || '-' || n, {columns} FROM agents.{table}, generate_series(2, {Math.Max(1, threads / Real)}) n");

    // At a terminal, which the script command gives it.
    private async Task<(JsonElement Report, Stopwatch Stopped)> CutOverAsync(Process writer)
    {
        using var process = Process.Start(new ProcessStartInfo("script", ["-qec", $"dotnet {Path.Combine(AppContext.BaseDirectory, "backup.dll")} migrate --from prod --to redis --cutover --json", "/dev/null"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
            Environment = { ["BACKUP_CONFIG"] = tool.Config, ["XDG_STATE_HOME"] = Path.Combine(tool.Folder, "state") },
        })!;
        var said = new StringBuilder();
        var (buffer, stopped) = (new char[4096], new Stopwatch());
        while (await process.StandardOutput.ReadAsync(buffer) is var count and > 0)
        {
            said.Append(buffer, 0, count);
            if (stopped.IsRunning || !said.ToString().Contains("Type yes", StringComparison.Ordinal)) continue;
            stopped.Start();
            using (var kill = Process.Start("kill", ["-TERM", $"{writer.Id}"])) await kill.WaitForExitAsync();
            await writer.WaitForExitAsync();
            await process.StandardInput.WriteLineAsync("yes");
            await process.StandardInput.FlushAsync();
        }
        stopped.Stop();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, said.ToString());
        return (JsonDocument.Parse(said.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[^1]).RootElement, stopped);
    }
}
