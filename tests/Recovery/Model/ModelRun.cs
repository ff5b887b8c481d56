using System.Globalization;
using Backup.Archive.Catalog;
using Backup.Checkpoints.Postgres;
using Backup.Contracts;
using Backup.Engine.ChangeLog;
using Backup.Engine.Progress;
using Backup.Engine.Restore;
using Backup.Tests.Recovery.Support;

namespace Backup.Tests.Recovery.Model;

/// <summary>
/// A random life of a store in PostgreSQL that two silos keep the log of: operations, backups of every strategy, compactions, restores into
/// the store itself, kills of the log's owner. Then, again and again, moments are restored and compared with the oracle.
/// </summary>
internal sealed class ModelRun : IAsyncDisposable
{
    private readonly Random random;
    private readonly TestCluster fleet;
    private readonly ModelStore store;
    private readonly PostgresStore prod, copy;
    private readonly Oracle oracle = new();
    private readonly Action<string> tell;
    private readonly Dictionary<string, int> did = new(StringComparer.Ordinal);
    private Task<Ran>? beside; // a backup or a compaction, while operations go on
    private int checkedMoments, kills;

    private ModelRun(TestCluster fleet, int seed, Action<string> tell)
    {
        (this.fleet, this.tell, random) = (fleet, tell, new(seed));
        store = new(fleet.Store.ConnectionString, random);
        (prod, copy) = (Open("agents"), Open("copy"));
    }

    /// <summary>Moments that were restored and compared.</summary>
    public int Checked => checkedMoments;

    /// <summary>What was done, and how often.</summary>
    public string Done => string.Join(", ", did.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Value} {d.Key}"));

    public static async Task<ModelRun> StartAsync(int seed, Action<string> tell)
    {
        var database = await Store.CreateAsync(0);
        await using (var setup = new ModelStore(database.ConnectionString, new(seed))) await setup.SetupAsync();
        var fleet = await TestCluster.FleetAsync(database, 2, sources => sources["prod"] = TestCluster.Followed(sources["prod"]));
        var run = new ModelRun(fleet, seed, tell);
        await run.RunsAsync();
        await run.NoteAsync(null);
        return run;
    }

    /// <summary>Lives for so many steps, then checks so many moments.</summary>
    public async Task RoundAsync(int steps, int moments)
    {
        for (var i = 0; i < steps; i++)
        {
            await NoteAsync(await store.StepAsync());
            Count("operations");
            if (random.Next(12) == 0) await BesideAsync();
            if (random.Next(60) == 0) await GoBackAsync();
        }
        await SettleAsync();
        await CoveredAsync(oracle.Moments[^1].Position);
        for (var i = 0; i < moments; i++) await CheckAsync(Any());
        await CheckAsync(oracle.Moments[^1]);
    }

    /// <summary>Kills the silo that keeps the log; another takes its place.</summary>
    public async Task KillAsync()
    {
        await SettleAsync();
        var owner = (await StatusAsync(_ => true, "there is a status")).GetProperty("owner").ToString();
        var silo = fleet.Silos.Values.Single(s => owner == $"{Environment.MachineName}:{fleet.PortOf(s).ToString(CultureInfo.InvariantCulture)}");
        await silo.SignalAsync("KILL");
        kills++;
        Count("kills");
        fleet.Replace(silo, sources => sources["prod"] = TestCluster.Followed(sources["prod"]));
        // Life goes on meanwhile.
        for (var i = 0; i < 10; i++) await NoteAsync(await store.StepAsync());
        await SettleAsync();
        await fleet.ReadyAsync();
        await RunsAsync();
    }

    /// <summary>Nothing is damaged, and no gap was made.</summary>
    public async Task EndAsync()
    {
        var status = await StatusAsync(_ => true, "there is a status");
        Assert.Equal("[]", status.GetProperty("gaps").ToString());
        Assert.True((await fleet.ToolAsync("verify", "--all", "--deep")).Expect(0).Json.GetProperty("ok").GetBoolean());
    }

    public async ValueTask DisposeAsync()
    {
        await prod.DisposeAsync();
        await copy.DisposeAsync();
        await store.DisposeAsync();
        await fleet.DisposeAsync();
    }

    private PostgresStore Open(string schema) => new(new() { Name = schema, ConnectionString = fleet.Store.ConnectionString, Schema = schema, Writable = true });

    private async Task NoteAsync(IReadOnlyCollection<string>? touched)
    {
        if (touched is { Count: 0 }) return;
        var rows = await store.ReadAsync("agents", touched);
        oracle.Add(await store.NowAsync(), touched, rows);
    }

    // One piece of work for the cluster at a time, while the store is written to.
    private async Task BesideAsync()
    {
        if (beside is { IsCompleted: false }) return;
        await BesideEndsAsync();
        string[] work = random.Next(8) switch
        {
            0 => ["create", "prod", "--strategy", "full"],
            1 or 2 => ["create", "prod", "--strategy", "differential"],
            7 => ["compact", "--source", "prod"],
            _ => ["create", "prod", "--strategy", "incremental"],
        };
        Count(work[0] == "compact" ? "compactions" : $"{work[^1]} backups");
        beside = fleet.ToolAsync(work);
    }

    private async Task BesideEndsAsync()
    {
        if (beside is null) return;
        // An exact cut waits for what is open; the log's own base may be under way.
        await NoteAsync(await store.SettleAsync());
        var ran = await beside;
        beside = null;
        if (ran.ExitCode != 5) ran.Expect(0);
    }

    private async Task SettleAsync()
    {
        await NoteAsync(await store.SettleAsync());
        await BesideEndsAsync();
    }

    // One thread, or a few, as they were, in the store itself.
    private async Task GoBackAsync()
    {
        await SettleAsync();
        var moment = Any();
        if (moment.Position >= await ClosedAsync()) return;
        var threads = oracle.At(moment).Keys.Where(t => t != ModelStore.Memory).OrderBy(_ => random.Next()).Take(random.Next(1, 4)).ToList();
        if (threads.Count == 0) return;
        await RestoreAsync(prod, moment, threads);
        var rows = await store.ReadAsync("agents", null);
        foreach (var thread in threads) Assert.True(oracle.At(moment, thread) == rows.GetValueOrDefault(thread), $"{Name(moment)}: {thread} went back to another state");
        oracle.Add(await store.NowAsync(), null, rows);
        Count("threads taken back");
    }

    // A thread by itself, some threads, or everything; by position or by time.
    private async Task CheckAsync(Moment moment)
    {
        checkedMoments++;
        if (random.Next(4) == 0)
        {
            await RestoreAsync(copy, moment, null);
            var all = await store.ReadAsync("copy", null);
            Compare(moment, oracle.At(moment), all);
            return;
        }
        var threads = oracle.Threads.Where(t => t != ModelStore.Memory).OrderBy(_ => random.Next()).Take(random.Next(4) == 0 ? 3 : 1).ToList();
        var there = threads.Where(t => oracle.At(moment, t).Length > 0).ToList();
        if (there.Count < threads.Count)
        {
            var gone = threads.Except(there).First();
            var error = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(copy, moment, [gone]));
            Assert.True(error.Kind == ErrorKind.NotFound && !error.Message.Contains("does not cover", StringComparison.Ordinal), $"{Name(moment)}: {gone} was not there: {error.Message}");
        }
        if (there.Count == 0) return;
        await RestoreAsync(copy, moment, there);
        Compare(moment, there.ToDictionary(t => t, t => oracle.At(moment, t)), await store.ReadAsync("copy", there));
    }

    private void Compare(Moment moment, Dictionary<string, string> expected, Dictionary<string, string> actual)
    {
        foreach (var thread in expected.Keys.Union(actual.Keys))
            Assert.True(expected.GetValueOrDefault(thread) == actual.GetValueOrDefault(thread), $"{Name(moment)}: {thread} was\n{expected.GetValueOrDefault(thread)}\nand is restored as\n{actual.GetValueOrDefault(thread)}");
    }

    private async Task RestoreAsync(PostgresStore target, Moment moment, IReadOnlyList<string>? threads)
    {
        var archive = await fleet.Opener.OpenAsync("main", default);
        var request = new RestoreRequest
        {
            Archive = "main", Source = "prod", At = random.Next(2) == 0 ? LogPosition.ToText(moment.Position) : moment.Time.ToString("O", CultureInfo.InvariantCulture), Target = "copy",
            Threads = threads, Conflict = ConflictPolicy.Overwrite, Mirror = threads is null,
        };
        var progress = new RunProgress(new() { RunId = RunId.New(TimeProvider.System.GetUtcNow()).Value, Kind = RunKind.Restore, Store = "copy", Archive = "main" }, TimeProvider.System);
        Assert.True((await new RestoreRun(archive, target, request, TimeProvider.System).RunAsync(progress, default)).Exact);
        Count("restores");
    }

    private Moment Any() => oracle.Moments[random.Next(oracle.Moments.Count)];

    private string Name(Moment moment) => $"moment {moment.Number} of {oracle.Moments.Count} ({LogPosition.ToText(moment.Position)}, {moment.Time:O}), after {Done}";

    private async Task<ulong> ClosedAsync()
    {
        var archive = await fleet.Opener.OpenAsync("main", default);
        return (await LogCatalog.LoadAsync(archive, await BackupCatalog.LoadAsync(archive, default), "prod", default)).Chain.Head?.Marker.To ?? 0;
    }

    private Task CoveredAsync(ulong position) => Until.TrueAsync("the log covers it", async () =>
    {
        await store.BeatAsync();
        return await ClosedAsync() > position;
    }, 120);

    private Task RunsAsync() => StatusAsync(s => s.GetProperty("state").ToString() == "running" && s.GetProperty("needsBase").ToString() == "False", "the log runs and has its base");

    private Task<System.Text.Json.JsonElement> StatusAsync(Func<System.Text.Json.JsonElement, bool> condition, string what) =>
        fleet.UntilLogAsync(what, condition, "UPDATE agents.checkpoint_migrations SET v = v WHERE v = 0");

    private void Count(string what)
    {
        did[what] = did.GetValueOrDefault(what) + 1;
        if (what == "operations" && did[what] % 500 == 0) tell($"{Done}; {checkedMoments} moments compared");
    }
}
