using Backup.Benchmarks.Data;
using Backup.Benchmarks.Measuring;

namespace Backup.Benchmarks;

/// <summary>Restore of the main set into an empty database, digests compared, and <c>pg_restore -j2</c> of the same rows.</summary>
internal static class RestorePart
{
    private const string Ours = "backup restore";
    private const string Peer = "pg_restore -j2";

    public static async Task RunAsync(Bench bench, DataSet data, int rounds, Ledger ledger, Targets targets)
    {
        var target = await bench.FreshAsync("target");
        var tool = new Tool(bench, "restore", data.Schema, target);
        await tool.InitAsync();
        await tool.RunAsync("create prod");
        var dump = bench.Path("dump");
        await ShellCommand.RunAsync($"pg_dump -Fc -n {data.Schema} -f {dump} {bench.Url(bench.DataName)}", new Dictionary<string, string>(), bench.Server);
        for (var round = 1; round <= rounds; round++)
        {
            Console.WriteLine($"restore, round {round} of {rounds}");
            await bench.FreshAsync("target");
            var (measured, report) = await tool.RunAsync("restore --source prod --to target");
            Expect.Same("the restore is exact", true, report.GetProperty("exact").GetBoolean());
            Expect.Same("rows restored", data.Rows, report.GetProperty("records").GetInt64());
            ledger.Add(Ours, measured);
            if (round == 1) Expect.Same("content of the restored tables", await bench.ContentAsync(bench.DataName, data.Schema), await bench.ContentAsync(target, data.Schema));
            await bench.FreshAsync("target");
            var peer = await bench.FreshAsync("peer");
            ledger.Add(Peer, await ShellCommand.RunAsync($"pg_restore -j2 -d {bench.Url(peer)} {dump}", new Dictionary<string, string>(), bench.Server));
            await bench.FreshAsync("peer");
        }
        ledger.Print("restore", [Ours, Peer]);
        targets.Add("restore: wall against pg_restore -j2", ledger.Wall(Ours) / ledger.Wall(Peer), 1);
        Bench.Remove(dump);
    }
}
