using Backup.Abstractions;
using Backup.Contracts;
using Backup.Grains.Threads;
using Backup.Tests.Cluster.Runs;
using Backup.Tests.Cluster.Support;
using Orleans.Runtime;

namespace Backup.Tests.Cluster.Threads;

/// <summary>Threads of a store in PostgreSQL, which is written without us, and whose backups are held and killed.</summary>
public sealed class PostgresThreadTests
{
    private static readonly TimeProvider Time = TimeProvider.System;

    [Fact]
    public async Task Who_asks_when_the_cut_is_taken_gets_a_later_one()
    {
        await using var cluster = await RunCluster.StartAsync(silos: 2, threads: 40);
        await EndAsync(cluster, await cluster.Backups.StartAsync(new() { Source = "prod", Archive = "main" }));
        // A backup of everything does without the grains of threads.
        Assert.Equal(0, await ThreadGrainsAsync(cluster));

        cluster.Hold.Arm("commit .seg", pass: 0);
        await WriteAsync(cluster, "early");
        var first = Task.WhenAll(Thread(cluster, "early").BackUpNowAsync("main", Time), Thread(cluster, "thread-1").BackUpNowAsync("main", Time));
        await Until.TrueAsync("its cut is taken", () => Task.FromResult(cluster.Hold.Waiting.Count == 1));
        await WriteAsync(cluster, "late");
        var heard = new Heard();
        var second = Task.WhenAll(Thread(cluster, "late").BackUpNowAsync(null, Time, heard), Thread(cluster, "thread-2").BackUpNowAsync("main", Time), Thread(cluster, "nobody").BackUpNowAsync("main", Time));
        await Until.TrueAsync("it has asked", () => Task.FromResult(heard.Last is not null));
        Assert.Null(heard.Last!.RunId);
        cluster.Hold.Release();

        var (early, late) = (await first, await second);
        Assert.Equal(early[0].BackupId, early[1].BackupId);
        Assert.Single(late.Select(l => l.BackupId).Distinct());
        Assert.Equal((true, 3, true, false), (early[0].Exists, early[1].Checkpoints, late[0].Exists, late[2].Exists));
        var backups = await cluster.BackupsAsync();
        Assert.Equal([early[0].BackupId, late[0].BackupId], backups.Skip(1).Select(b => b.BackupId));
        Assert.All(backups.Skip(1), b => Assert.Equal("incremental", b.Strategy));

        // It is not known what else was written; it came after the last cut.
        var delta = await Thread(cluster, "late").DeltaAsync("main");
        Assert.Equal((PendingState.Unknown, backups[2].CutTime, late[0].Digest), (delta.Pending.State, delta.Pending.Since, delta.Captured!.Digest));
        Assert.Equal([backups[2].BackupId], delta.Backups.Select(b => b.BackupId));
        Assert.Equal(3, (await Thread(cluster, "thread-1").DeltaAsync("main")).Backups.Count);
        Assert.Equal(ErrorKind.Usage, (await Assert.ThrowsAsync<BackupException>(() => Thread(cluster, "late").GetAsync("", null))).Kind);
    }

    [Fact]
    public async Task Silos_that_are_killed_do_not_keep_those_who_asked_waiting()
    {
        await using var cluster = await RunCluster.StartAsync(threads: 40);
        await EndAsync(cluster, await cluster.Backups.StartAsync(new() { Source = "prod", Archive = "main" }));
        cluster.Hold.Arm("commit .seg", pass: 0);
        await WriteAsync(cluster, "orphan");
        var heard = new Heard();
        var asked = Task.WhenAll(Thread(cluster, "orphan").BackUpNowAsync("main", Time, heard), Thread(cluster, "thread-7").BackUpNowAsync("main", Time), Thread(cluster, "nobody").BackUpNowAsync("main", Time));
        await Until.TrueAsync("its run is known and held", () => Task.FromResult(heard.Last?.RunId is not null && cluster.Hold.Waiting.Count == 1));
        var run = await cluster.Grains.GetGrain<IBackupRunGrain>(GrainKeys.Run(new(heard.Last!.RunId!))).StatusAsync();

        // First the silo of what gathers, which has told who asks the run's id; then, if it is another, the run's own.
        var gathers = await cluster.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(cluster.Grains.GetGrain<IThreadBackupsGrain>(GrainKeys.Threads("prod", "main")));
        await cluster.KillAsync(cluster.Silos.Single(s => s.SiloAddress.Equals(gathers)));
        if (cluster.Silos.SingleOrDefault(s => s.Name == run.Owner) is { } owner) await cluster.KillAsync(owner);
        cluster.Hold.Release();
        var captured = await asked;
        Assert.Equal([true, true, false], captured.Select(c => c.Exists!.Value));
        Assert.Equal(run.RunId, captured[0].BackupId);
        // Those who had not heard of the run asked anew.
        var backups = (await cluster.BackupsAsync()).Select(b => b.BackupId).ToList();
        Assert.All(captured, c => Assert.Contains(c.BackupId, backups.Skip(1)));
    }

    [Fact]
    public async Task Who_asks_while_another_backup_is_made_waits_for_it_and_is_told()
    {
        await using var cluster = await RunCluster.StartAsync(silos: 1, threads: 40);
        cluster.Hold.Arm("commit .seg", pass: 0);
        var full = await cluster.Backups.StartAsync(new() { Source = "prod", Archive = "main" });
        await Until.TrueAsync("it is at work", () => Task.FromResult(cluster.Hold.Waiting.Count == 1));
        await WriteAsync(cluster, "meanwhile");
        var heard = new Heard();
        var asked = Thread(cluster, "meanwhile").BackUpNowAsync("main", Time, heard);
        await Until.TrueAsync("it waits", () => Task.FromResult(heard.Last?.WaitsFor?.Contains(full.RunId, StringComparison.Ordinal) == true));
        cluster.Hold.Release();
        var captured = await asked;
        Assert.True(captured.Exists);
        Assert.Equal([full.RunId, captured.BackupId], (await cluster.BackupsAsync()).Select(b => b.BackupId));

        // What the run fails with reaches who asked.
        await cluster.Store.ExecuteAsync("ALTER TABLE agents.checkpoints RENAME TO elsewhere");
        var failed = await Assert.ThrowsAsync<BackupException>(() => Thread(cluster, "meanwhile").BackUpNowAsync("main", Time));
        Assert.Contains("ended without a backup", failed.Message);
        await cluster.Store.ExecuteAsync("ALTER TABLE agents.elsewhere RENAME TO checkpoints");
        Assert.True((await Thread(cluster, "meanwhile").BackUpNowAsync("main", Time)).Exists);
    }

    private static ICheckpointThreadGrain Thread(RunCluster cluster, string id) => cluster.Grains.GetGrain<ICheckpointThreadGrain>(GrainKeys.Thread("prod", id));

    private static Task WriteAsync(RunCluster cluster, string thread) =>
        cluster.Store.ExecuteAsync($$$"""INSERT INTO agents.checkpoints (thread_id, checkpoint_id, checkpoint) VALUES ('{{{thread}}}', 'c1', '{"v": 4, "id": "c1", "channel_versions": {}}')""");

    private static async Task<int> ThreadGrainsAsync(RunCluster cluster) =>
        (await cluster.Grains.GetGrain<IManagementGrain>(0).GetSimpleGrainStatistics()).Where(s => s.GrainType.Contains("CheckpointThreadGrain", StringComparison.Ordinal)).Sum(s => s.ActivationCount);

    private static Task EndAsync(RunCluster cluster, RunStatus run) => Until.TrueAsync("the backup is sealed", async () => (await cluster.Backup(run).StatusAsync()).State == RunState.Done);

    private sealed class Heard : IProgress<ThreadBackup>
    {
        private volatile ThreadBackup? last;

        public ThreadBackup? Last => last;

        public void Report(ThreadBackup value) => last = value;
    }
}
