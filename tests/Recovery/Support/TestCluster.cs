using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Backup.Contracts;
using Backup.Hosting.Archives;
using Backup.Hosting.Configuration;

namespace Backup.Tests.Recovery.Support;

/// <summary>Silo.Host processes of one cluster, a store, an archive, and the tool as their client.</summary>
public sealed class TestCluster : IAsyncDisposable
{
    private readonly TestFolder folder = new();
    private readonly List<SiloProcess> gone = [];
    private readonly object cluster;
    private readonly object? state;
    private readonly Dictionary<string, object> sources;
    private readonly Dictionary<int, SiloProcess> silos = [];
    private EmptyDatabase? stateDatabase;

    private TestCluster(Store store, object cluster, EmptyDatabase? state)
    {
        Store = store;
        this.cluster = cluster;
        stateDatabase = state;
        this.state = state is null ? null : new { state.ConnectionString };
        sources = new()
        {
            // Tests hold the tables to keep a backup from going on; it waits as long as they do.
            ["prod"] = new { Kind = "postgres", ConnectionString = store.ConnectionString + ";Options=-c lock_timeout=0", Schema = "agents" },
            ["copy"] = new { Kind = "postgres", store.ConnectionString, Schema = "copy", Writable = true },
            ["threads"] = new { Kind = "memory", Writable = true },
            ["nowhere"] = new { Kind = "postgres", ConnectionString = "Host=127.0.0.1;Port=1;Timeout=2", Writable = true },
        };
    }

    public Store Store { get; }

    /// <summary>Where clients of a cluster on this machine reach it.</summary>
    public int GatewayPort { get; private init; }

    public string Folder => folder.Path;

    public string Archive => Path.Combine(folder.Path, "archive");

    /// <summary>Opens the archive, in this process.</summary>
    public ArchiveOpener Opener => new(
        new() { StateFolder = folder.Path, Archives = new Dictionary<string, ArchiveOptions> { ["main"] = new() { Kind = "local", Path = Archive, KeyFile = Path.Combine(folder.Path, "key") } } },
        new Dictionary<string, string>(), TimeProvider.System);

    /// <summary>The silos that are thought to live, by their port.</summary>
    public IReadOnlyDictionary<int, SiloProcess> Silos => silos;

    /// <summary>One silo without servers. Its archive and its key are not there yet.</summary>
    public static async Task<TestCluster> LocalhostAsync(int threads)
    {
        var made = Localhost(await Store.CreateAsync(threads), out var start);
        await made.BeginAsync(start);
        return made;
    }

    /// <summary>One silo without servers, with an archive.</summary>
    /// <param name="store">The store; the cluster's from now on.</param>
    /// <param name="change">Changes the sources, for the tool too.</param>
    public static async Task<TestCluster> LocalhostAsync(Store store, Action<Dictionary<string, object>> change)
    {
        var made = Localhost(store, out var start);
        change(made.sources);
        await made.BeginAsync(async () =>
        {
            await made.InitAsync();
            await start();
        });
        return made;
    }

    /// <summary>A fleet that finds itself through Redis, with an archive.</summary>
    /// <param name="threads">Threads of the store.</param>
    /// <param name="size">How many silos.</param>
    /// <param name="change">Changes the sources of all of them.</param>
    public static async Task<TestCluster> FleetAsync(int threads, int size = 3, Action<Dictionary<string, object>>? change = null) => await FleetAsync(await Store.CreateAsync(threads), size, change);

    /// <summary>The same with a store that is there; it is the cluster's from now on.</summary>
    public static async Task<TestCluster> FleetAsync(Store store, int size, Action<Dictionary<string, object>>? change)
    {
        var made = new TestCluster(store, new { Kind = "redis", ConnectionString = Servers.Redis, ClusterId = TestOptions.NewClusterId() }, await EmptyDatabase.CreateAsync());
        await made.BeginAsync(async () =>
        {
            await made.InitAsync();
            for (var i = 0; i < size; i++) made.Start(change);
            await made.ReadyAsync();
        });
        return made;
    }

    /// <summary>A source with its change log, closed each second.</summary>
    public static object Followed(object source)
    {
        var followed = JsonSerializer.SerializeToNode(source)!.AsObject();
        followed["Log"] = new JsonObject { ["Enabled"] = true, ["TickSeconds"] = 1 };
        return followed;
    }

    /// <summary>Starts one silo more.</summary>
    /// <param name="change">Changes its sources from what the others have.</param>
    public SiloProcess Start(Action<Dictionary<string, object>>? change = null) => Start(TestOptions.FreePort(), TestOptions.FreePort(), change);

    public Task ReadyAsync() => Task.WhenAll(silos.Values.Select(silo => silo.ReadyAsync()));

    /// <summary>The next process that reaches the place dies or freezes there.</summary>
    public void Arm(string failpoint) => File.WriteAllText(Failpoint, failpoint);

    /// <summary>Waits until a process has got to the place, and returns it.</summary>
    public async Task<SiloProcess> FallenAsync()
    {
        SiloProcess? fallen = null;
        await Until.TrueAsync("no silo got to the failpoint", () =>
        {
            fallen = silos.Values.FirstOrDefault(silo => File.Exists($"{Failpoint}.{silo.ProcessId}"));
            return Task.FromResult(fallen is not null);
        }, 180);
        return fallen!;
    }

    /// <summary>Takes a silo out of the fleet and puts a new one in its place.</summary>
    /// <param name="silo">The one that goes.</param>
    /// <param name="change">Changes the new one's sources.</param>
    public void Replace(SiloProcess silo, Action<Dictionary<string, object>>? change = null)
    {
        silos.Remove(PortOf(silo));
        gone.Add(silo);
        Start(change);
    }

    public int PortOf(SiloProcess silo) => silos.First(s => s.Value == silo).Key;

    /// <summary>Runs the tool with --json to its end.</summary>
    public async Task<Ran> ToolAsync(params string[] arguments)
    {
        using var process = Tool(arguments);
        return await Ran.OfAsync(process, $"backup {string.Join(' ', arguments)}");
    }

    /// <summary>Starts the tool with --json.</summary>
    public Process Tool(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "backup.dll"), .. arguments, "--json"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        start.Environment["BACKUP_CONFIG"] = Write("tool", new { Backup = new { Sources = sources, Archives = Archives, Cluster = cluster, State = state, StateFolder = Path.Combine(folder.Path, "tool-state") } });
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    /// <summary>Waits for the change log of <c>prod</c> to say something.</summary>
    /// <param name="what">What is waited for.</param>
    /// <param name="condition">Of the JSON of <c>log status</c>.</param>
    /// <param name="beat">A statement that changes something: an idle source is looked at seldom.</param>
    public async Task<JsonElement> UntilLogAsync(string what, Func<JsonElement, bool> condition, string beat)
    {
        JsonElement? last = null;
        await Until.TrueAsync(() => $"{what}; last it said {last}", async () =>
        {
            // While the cluster finds out that a silo is gone, the tool cannot reach the log's owner, and says so.
            await Store.ExecuteAsync(beat);
            var ran = await ToolAsync("log", "status", "--source", "prod");
            return ran.ExitCode != 8 && condition((last = ran.Expect(0).Json).Value);
        }, 180);
        return last!.Value;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in silos.Values.Concat(gone)) await silo.DisposeAsync();
        await Store.DisposeAsync();
        if (stateDatabase is not null) await stateDatabase.DisposeAsync();
        stateDatabase = null;
        folder.Dispose();
    }

    private static TestCluster Localhost(Store store, out Func<Task> start)
    {
        var (silo, gateway) = (TestOptions.FreePort(), TestOptions.FreePort());
        var made = new TestCluster(store, new { Kind = "localhost", SiloPort = $"{silo}", GatewayPort = $"{gateway}" }, null) { GatewayPort = gateway };
        start = () =>
        {
            made.Start(silo, gateway);
            return made.ReadyAsync();
        };
        return made;
    }

    // Before the silos are there: one that keeps a log and has no archive looks again a minute later.
    private Task InitAsync() => Opener.InitAsync("main", default);

    private async Task BeginAsync(Func<Task> begin)
    {
        try
        {
            await begin();
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    private string Failpoint => Path.Combine(folder.Path, "failpoint");

    private object Archives => new { main = new { Kind = "local", Path = Archive, KeyFile = Path.Combine(folder.Path, "key") } };

    private SiloProcess Start(int siloPort, int gatewayPort, Action<Dictionary<string, object>>? change = null)
    {
        var own = new Dictionary<string, object>(sources);
        change?.Invoke(own);
        var url = $"http://127.0.0.1:{TestOptions.FreePort()}";
        var ports = JsonSerializer.SerializeToNode(cluster)!.AsObject();
        ports["SiloPort"] = $"{siloPort}";
        ports["GatewayPort"] = $"{gatewayPort}";
        var settings = new { Backup = new { Sources = own, Archives, Cluster = ports, State = state, Http = new { Url = url }, Workers = "2", StateFolder = Path.Combine(folder.Path, $"silo-{siloPort}") } };
        return silos[siloPort] = new SiloProcess(JsonSerializer.Serialize(settings, Json), url, $"@{Failpoint}");
    }

    private string Write(string name, object settings)
    {
        var file = Path.Combine(folder.Path, $"{name}.json");
        File.WriteAllText(file, JsonSerializer.Serialize(settings, Json));
        return file;
    }

    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };
}
