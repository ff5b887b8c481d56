using Backup.Benchmarks.Data;
using Backup.Benchmarks.Measuring;

namespace Backup.Benchmarks;

/// <summary>Full backup of the main set, and what peers need for the same rows.</summary>
internal static class BackupPart
{
    public const string Ours = "backup create";

    public static async Task RunAsync(Bench bench, DataSet data, int rounds, Ledger ledger, Targets targets)
    {
        var tool = new Tool(bench, "backup", data.Schema);
        for (var round = 1; round <= rounds; round++)
        {
            Console.WriteLine($"backup, round {round} of {rounds}");
            await tool.InitAsync();
            var (measured, report) = await tool.RunAsync("create prod");
            Expect.Same("threads in the backup", data.Threads, report.GetProperty("threads").GetInt64());
            Expect.Same("rows in the backup", data.Rows, report.GetProperty("records").GetInt64());
            ledger.Add(Ours, measured);
            ledger.Size(Ours, Bench.SizeOf(tool.Archive));
            foreach (var peer in Peer.All) await MeasureAsync(bench, data, peer, ledger);
        }
        ledger.Print("full backup", [Ours, .. Peer.All.Select(p => p.Name)]);
        targets.Add("backup: wall against pg_dump | zstd -3", ledger.Wall(Ours) / ledger.Wall(Peer.Zstd), 0.45);
        targets.Add("backup: wall against the COPY floor", ledger.Wall(Ours) / ledger.Wall(Peer.Floor), 1.4);
        foreach (var (peer, bound) in new[] { (Peer.Zstd, 0.35), (Peer.Long, 0.5), (Peer.Borg, 0.3), (Peer.Restic, 0.2) })
            targets.Add($"backup: size against {peer}", (double)ledger.Size(Ours) / ledger.Size(peer), bound);
    }

    private static async Task MeasureAsync(Bench bench, DataSet data, Peer peer, Ledger ledger)
    {
        var output = bench.Path("peer");
        Bench.Remove(output);
        var environment = new Dictionary<string, string>
        {
            ["URL"] = bench.Url(bench.DataName), ["SCHEMA"] = data.Schema, ["OUT"] = output,
            ["RESTIC_PASSWORD"] = "benchmark", ["BORG_PASSPHRASE"] = "benchmark", ["HOME"] = bench.Folder, ["RESTIC_CACHE_DIR"] = bench.Path("restic-cache"),
        };
        if (peer.Prepare is not null) await ShellCommand.RunAsync(peer.Prepare, environment, bench.Server);
        ledger.Add(peer.Name, await ShellCommand.RunAsync(peer.Command, environment, bench.Server));
        if (peer.Name != Peer.Floor) ledger.Size(peer.Name, Bench.SizeOf(output));
        Bench.Remove(output);
    }
}
