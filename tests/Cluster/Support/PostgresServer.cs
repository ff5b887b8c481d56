using System.Diagnostics;
using System.Globalization;

namespace Backup.Tests.Cluster.Support;

/// <summary>A PostgreSQL server of a test's own, to be lost and promoted. It is made as tests/lib/servers.sh makes them.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly string Root = FindRoot();
    private readonly string folder;
    private readonly bool owned;

    private readonly string name;

    private PostgresServer(string folder, string name, int port, bool owned) => (this.folder, this.name, Port, this.owned) = (folder, name, port, owned);

    public int Port { get; }

    public static Task<PostgresServer> CreateAsync() => MakeAsync("postgres_make server", "server", Directory.CreateTempSubdirectory("backup-servers-").FullName, owned: true);

    /// <summary>A standby that follows this server.</summary>
    public Task<PostgresServer> StandbyAsync() => MakeAsync($"postgres_standby standby {Port.ToString(CultureInfo.InvariantCulture)}", "standby", folder, owned: false);

    /// <summary>Kills it.</summary>
    public Task LoseAsync() => ControlAsync("-m immediate stop");

    /// <summary>Makes a standby a primary.</summary>
    public Task PromoteAsync() => ControlAsync("-w promote");

    public async ValueTask DisposeAsync()
    {
        if (!owned) return;
        await BashAsync("""for data in "$SERVERS"/*/data; do as_postgres "$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)/pg_ctl" -D "$data" -m immediate stop >/dev/null 2>&1; done; true""", folder);
        Directory.Delete(folder, recursive: true);
    }

    private Task ControlAsync(string what) =>
        BashAsync($"""as_postgres "$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)/pg_ctl" -D "$SERVERS/{name}/data" {what}""", folder);

    private static async Task<PostgresServer> MakeAsync(string make, string name, string folder, bool owned)
    {
        await BashAsync($"""chmod 755 "$SERVERS" && {make} && echo "$POSTGRES_PORT" >"$SERVERS/{name}.port" """, folder);
        return new(folder, name, int.Parse(await File.ReadAllTextAsync(Path.Combine(folder, $"{name}.port")), CultureInfo.InvariantCulture), owned);
    }

    // A server that stays behind would keep a pipe open; a file is whole when the shell has ended.
    private static async Task BashAsync(string script, string folder)
    {
        var start = new ProcessStartInfo("bash", ["-c", $$"""exec >"$SERVERS/said" 2>&1 </dev/null; . {{Root}}/tests/lib/servers.sh; {{script}}"""]);
        start.Environment["SERVERS"] = folder;
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{script}: {await File.ReadAllTextAsync(Path.Combine(folder, "said"))}");
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "tests/lib/servers.sh"))) folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("tests/lib/servers.sh is not above the tests");
        return folder;
    }
}
