using Backup.Abstractions;
using Backup.Archive.Catalog;
using Backup.Contracts;
using Backup.Engine.Catalog;
using Backup.Engine.Chains;
using Backup.Engine.Recovery;
using Backup.Engine.Stores;
using Backup.Tests.Cluster.Support;

namespace Backup.Tests.Cluster.Memory;

/// <summary>The change log of a store whose threads the silos hold.</summary>
public sealed class MemoryLogTests
{
    private static readonly TimeProvider Time = TimeProvider.System;

    [Fact]
    public async Task Every_moment_it_names_is_what_the_threads_held_whatever_is_backed_up_and_comes_between()
    {
        const int Threads = 16, Rounds = 5;
        var seed = int.TryParse(Environment.GetEnvironmentVariable("SEED"), out var given) ? given : Random.Shared.Next();
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        await using var cluster = await MemoryCluster.StartAsync(silos: 2, log: true);
        await RunsAsync(cluster);
        var moments = new List<(LogPlace Place, SortedDictionary<string, string> Held)>();
        for (var round = 0; round < Rounds; round++)
        {
            // Writers and, at any time between their writes, the cuts of increments: each is a base whose position must be exact.
            var number = round;
            using var stop = new CancellationTokenSource();
            var backups = Task.Run(async () =>
            {
                for (var random = new Random(seed - number); !stop.IsCancellationRequested;)
                    await IncrementAsync(cluster, random.Next(cluster.Silos.Count));
            });

            await Task.WhenAll(Enumerable.Range(0, Threads).Select(t => Task.Run(() => WriteAsync(cluster.Thread("live", $"t{t}"), new Random(seed + (number * Threads) + t), number))));
            await stop.CancelAsync();
            await backups;
            if (round == 2) await cluster.JoinAsync();
            if (round == 3)
            {
                await cluster.DeactivateAsync(cluster.Log);
                await UntilAsync(cluster, "another owner goes on", s => s is { State: LogState.Running, NeedsBase: false, Epoch: > 1 });
            }
            var captured = await cluster.Thread("live", "t0").BackUpNowAsync(null, Time);
            var place = (await cluster.Log.StatusAsync()).LastClosed!;
            var held = Held(cluster);
            Assert.Equal((null, held.GetValueOrDefault("t0")), (captured.BackupId, captured.Digest));
            Assert.Equal(PendingState.None, (await cluster.Thread("live", $"t{round}").DeltaAsync("main")).Pending.State);
            moments.Add((place, held));
        }
        var status = await cluster.Log.StatusAsync();
        Assert.Equal((LogState.Running, null), (status.State, status.LastGap));
        Assert.True(status.Epoch > 1, "another owner has gone on");
        foreach (var (place, held) in moments)
        {
            Assert.Equal(held, await AtAsync(cluster, RecoveryPoint.At(place.Time)));
            Assert.Equal(held, await AtAsync(cluster, RecoveryPoint.Parse(LogPosition.ToText(LogPosition.Read(place.Position)!.Value - 1))));
        }
        Assert.Equal(moments.Count, moments.Select(m => string.Join(';', m.Held)).Distinct().Count());
        var bases = (await cluster.Service<ArchiveQueries>(0).ListAsync("main", "live", default)).Count;
        Assert.True(bases > Rounds, $"only {bases} backups were made between the writes");
        Assert.Empty((await cluster.Service<ArchiveQueries>(0).VerifyAsync(new() { Archive = "main", Deep = true }, new(new() { RunId = "", Store = "", Archive = "main" }, Time), default)).Findings);

        // A whole store goes back to a moment.
        await cluster.RestoreAsync(new() { Archive = "main", Source = "live", Target = "live", At = RecoveryPoint.At(moments[1].Place.Time).ToString(), Conflict = ConflictPolicy.Overwrite, Mirror = true });
        Assert.Equal(moments[1].Held, Held(cluster));
        Assert.Null((await cluster.Thread("live", "t0").BackUpNowAsync(null, Time)).BackupId);
        Assert.Equal(moments[1].Held, await AtAsync(cluster, RecoveryPoint.At((await cluster.Log.StatusAsync()).LastClosed!.Time)));
    }

    [Fact]
    public async Task A_silo_that_is_lost_makes_a_gap_and_no_deletion()
    {
        await using var cluster = await MemoryCluster.StartAsync(log: true);
        await RunsAsync(cluster);
        await RestoreTests.FillAsync(cluster, "live", 30);
        Assert.Null((await cluster.Thread("live", "t1").BackUpNowAsync(null, Time)).BackupId);
        var (before, held) = ((await cluster.Log.StatusAsync()).LastClosed!, Held(cluster));
        var victim = cluster.Silos[^1];
        var lost = cluster.Units(victim, "live").Current.Keys.Select(u => u.Id).ToList();
        Assert.NotEmpty(lost);
        // What is written now may be lost with it; what is deleted now is deleted.
        await cluster.Thread("live", lost[0]).PutAsync("c9", version: "9");
        await cluster.KillAsync(victim);
        var kept = held.Keys.Except(lost).ToList();
        await cluster.Thread("live", kept[0]).DeleteAsync();
        await UntilAsync(cluster, "the gap is declared", s => s.LastGap?.Contains("is gone", StringComparison.Ordinal) == true);
        Assert.Equal(PendingState.Lost, (await cluster.Thread("live", lost[1]).DeltaAsync("main")).Pending.State);
        Assert.Equal(held, await AtAsync(cluster, RecoveryPoint.At(before.Time)));

        // One is given up; with the rest back there is a base again, and the log goes on.
        await cluster.Thread("live", lost[1]).DeleteAsync();
        var back = lost.Where(id => id != lost[1]).ToList();
        await cluster.RestoreAsync(new() { Archive = "main", Source = "live", Target = "live", At = RecoveryPoint.At(before.Time).ToString(), Threads = back });
        await RunsAsync(cluster);
        var captured = await cluster.Thread("live", lost[2]).BackUpNowAsync(null, Time);
        Assert.Equal((null, held[lost[2]]), (captured.BackupId, captured.Digest));
        held.Remove(kept[0]);
        held.Remove(lost[1]);
        Assert.Equal(held, Held(cluster));
        var status = await cluster.Grains.GetGrain<IBackupCatalogGrain>(GrainKeys.Archive("main")).LogAsync("live");
        Assert.Equal(held, await AtAsync(cluster, RecoveryPoint.At(status.LastClosed!.Time)));
        var gap = Assert.Single(status.Gaps);
        Assert.True(gap.From >= before.Time && gap.To > gap.From, $"{gap}");
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<BackupException>(() => AtAsync(cluster, RecoveryPoint.At(gap.From.AddTicks(1))))).Kind);
    }

    private static async Task WriteAsync(ICheckpointThreadGrain thread, Random random, int round)
    {
        for (var i = 0; i < 12; i++)
        {
            var id = $"c{round:D2}{random.Next(6)}";
            var what = random.Next(10);
            if (what < 5) await thread.PutAsync(id, value: $"{random.Next()}", version: $"{random.Next(40)}");
            else if (what < 7) await thread.WriteAsync(id, $"task{random.Next(3)}", ("messages", $"{random.Next()}"));
            else if (what < 9) await thread.WriteAsync(id, "task", ("__interrupt__", $"{random.Next()}"));
            else await thread.DeleteAsync();
        }
    }

    private static SortedDictionary<string, string> Held(MemoryCluster cluster) =>
        new(cluster.Silos.SelectMany(s => cluster.Units(s, "live").Current).ToDictionary(u => u.Key.Id, u => u.Value.Digest!), StringComparer.Ordinal);

    private static async Task<SortedDictionary<string, string>> AtAsync(MemoryCluster cluster, RecoveryPoint point)
    {
        var archive = await cluster.Service<IArchives>(0).OpenAsync("main", default);
        using var found = await new RecoveryPoints(archive, await BackupCatalog.LoadAsync(archive, default), "live", Time).ResolveAsync(point, null, "", default);
        var held = new SortedDictionary<string, string>(StringComparer.Ordinal);
        await foreach (var thread in new ThreadBrowser(found.Archive, found.Chain).ListAsync(default)) held.Add(thread.ThreadId, thread.Digest);
        return held;
    }

    private static async Task IncrementAsync(MemoryCluster cluster, int silo)
    {
        try
        {
            await cluster.BackupAsync("live", silo, BackupStrategyKind.Incremental);
        }
        catch (BackupException error) when (error.Kind is ErrorKind.Unreachable or ErrorKind.Conflict)
        {
            // A silo comes just now.
        }
    }

    private static Task RunsAsync(MemoryCluster cluster) => UntilAsync(cluster, "the log runs and has its base", s => s is { State: LogState.Running, NeedsBase: false });

    private static async Task UntilAsync(MemoryCluster cluster, string what, Func<LogStatus, bool> condition)
    {
        LogStatus? last = null;
        await Until.TrueAsync(() => $"{what}: {last}", async () => condition(last = await cluster.Log.StatusAsync()), 60);
    }
}
