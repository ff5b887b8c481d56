using System.Diagnostics;
using System.Text.Json;
using Backup.Contracts;
using Backup.Engine.ChangeLog;
using Npgsql;

namespace Backup.Live.Losses;

/// <summary>
/// Kills or freezes who keeps the log, the source, or both, while conversations are committed at full speed, and finds out each time what would have
/// been lost with the source, and that nothing is missing once the log has gone on.
/// </summary>
internal sealed class LossPart(int seed, int kills, int both) : IAsyncDisposable
{
    private const int Writers = 3;
    private readonly Random random = new(seed);
    private readonly SourceServer source = new();
    private readonly LossTable table = new();
    private TestCluster fleet = null!;
    private LogWatcher log = null!;
    private IReadOnlyList<Writer> writers = [];

    public async Task RunAsync()
    {
        await source.ExecuteAsync(Conversations.Tables);
        fleet = await TestCluster.FleetAsync(0, 2, Follow);
        log = LogWatcher.Start(fleet.Opener);
        writers = Writer.Start(source.ConnectionString, Writers);
        string[] all = [.. Enumerable.Repeat("silo", kills), .. Enumerable.Repeat("source", kills), .. Enumerable.Repeat("both", both), .. Enumerable.Repeat("frozen", both)];
        foreach (var killed in all) await OnceAsync(killed);
        table.Print(log, writers);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var writer in writers) await writer.DisposeAsync();
        if (log is not null) await log.DisposeAsync();
        if (fleet is not null) await fleet.DisposeAsync();
    }

    private async Task OnceAsync(string killed)
    {
        var owner = await SteadyAsync();
        var quiet = await source.PositionAsync();
        foreach (var writer in writers) writer.Settle(quiet);
        foreach (var writer in writers) writer.Go();
        await Task.Delay(TimeSpan.FromSeconds(3 + (5 * random.NextDouble())));
        var reported = log.Reported;

        var (at, acknowledged) = (Stopwatch.GetTimestamp(), writers.Select(w => w.Commits()).ToList());
        if (killed != "source") await owner.SignalAsync(killed == "frozen" ? "STOP" : "KILL");
        if (killed is "source" or "both") source.Kill();
        // What was closed by then is what there would be.
        var closed = (await log.LoadAsync()).Chain.Head!.Marker;
        var loss = Loss.Of(at, acknowledged, closed.To);
        if (killed is "source" or "both") await source.StartAsync();
        if (killed is "silo" or "both") fleet.Replace(owner, Follow);

        // From here nothing that was acknowledged may be missing.
        var last = await source.PositionAsync();
        await HeldAsync(last);
        var recovered = Stopwatch.GetElapsedTime(at).TotalSeconds;
        if (killed == "frozen")
        {
            // It comes to life, and both think that they own the log for a while.
            await owner.SignalAsync("CONT");
            await Task.Delay(TimeSpan.FromSeconds(3));
            await HeldAsync(last = await source.PositionAsync());
            fleet.Replace(owner, Follow); // it ends by itself once it sees that the cluster gave it up
        }
        foreach (var writer in writers) await writer.PauseAsync();
        var epoch = (await log.LoadAsync()).Chain.Head!.Marker.Epoch;
        await AssertHeldAsync(last, acknowledged);
        var kill = new Kill(killed, acknowledged.Sum(a => a.Count), loss, reported.Lag + Stopwatch.GetElapsedTime(reported.At, at).TotalSeconds, recovered, epoch);
        // A commit counts as lost until its writer's next one has begun.
        Assert.True(kill.Loss.Seconds <= kill.Reported + 0.5, $"{kill.Loss.Seconds:F2} s would have been lost, and {kill.Reported:F2} s were reported");
        table.Add(kill);
    }

    private Task HeldAsync(ulong position) => Until.TrueAsync("what was committed before is in the archive", async () =>
    {
        await Task.Delay(250); // every look reads the whole log
        return (await log.LoadAsync()).Chain.Head!.Marker.To > position;
    }, 180);

    // Both silos are there, one of them keeps the log, and there is a backup of now: what is restored comes from the log behind it.
    private async Task<SiloProcess> SteadyAsync()
    {
        await fleet.ReadyAsync();
        JsonElement? last = null;
        await Until.TrueAsync(() => $"the log runs; last it said {last}", async () =>
        {
            await source.ExecuteAsync("create table if not exists beat (t timestamptz); insert into beat values (now())");
            var ran = await fleet.ToolAsync("log", "status", "--source", "prod");
            last = ran.ExitCode == 0 ? ran.Json : null;
            return last is { } status && status.GetProperty("state").GetString() == "running" && !status.GetProperty("needsBase").GetBoolean();
        }, 240);
        Assert.Equal("[]", last!.Value.GetProperty("gaps").ToString());
        (await fleet.ToolAsync("create", "prod", "--strategy", "incremental")).Expect(0);
        return fleet.Silos.Values.Single(s => last.Value.GetProperty("owner").GetString() == $"{Environment.MachineName}:{fleet.PortOf(s)}");
    }

    private async Task AssertHeldAsync(ulong position, List<IReadOnlyList<Acknowledged>> before)
    {
        var at = LogPosition.ToText(position);
        await fleet.Store.DropAsync("copy");
        Assert.Equal("True", (await fleet.ToolAsync("restore", "--source", "prod", "--at", at, "--to", "copy")).Expect(0)["exact"]);
        var found = new Dictionary<int, (long Rows, long First, long Last, long Different)>();
        await using (var connection = new NpgsqlConnection(fleet.Store.ConnectionString))
        {
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(Conversations.Summary("copy"), connection);
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync()) found.Add(reader.GetInt32(0), (reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4)));
        }
        foreach (var (writer, acknowledged) in writers.Zip(before))
        {
            // Every acknowledged commit, none that came after the position, and of those all their rows.
            var (rows, first, last, different) = found[writer.Number];
            var above = writer.Commits().FirstOrDefault(c => c.Above > position).Number;
            Assert.True(last >= acknowledged[^1].Number, $"writer {writer.Number}: {acknowledged[^1].Number} was acknowledged, {last} is the last at {at}");
            Assert.True(above == 0 || last < above, $"writer {writer.Number}: {above} came after {at}, and {last} is there");
            Assert.Equal((Conversations.After(last).First, Conversations.After(last).Rows, last - first + 1), (first, rows, different));
        }
        var sample = writers[random.Next(writers.Count)];
        (await fleet.ToolAsync("thread", "get", "--source", "prod", "--thread", sample.Conversations.Thread(found[sample.Number].Last), "--at", at)).Expect(0);
    }

    private void Follow(Dictionary<string, object> sources) =>
        sources["prod"] = new { Kind = "postgres", source.ConnectionString, Schema = "agents", Log = new { Enabled = true } };
}
