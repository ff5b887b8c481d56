using Backup.Abstractions;
using Backup.Contracts;
using Backup.Engine.Catalog;
using Backup.Tests.Cluster.Memory;

namespace Backup.Tests.Cluster.Threads;

/// <summary>What a thread in memory knows of its backups, and how it is backed up when somebody asks.</summary>
public sealed class MemoryThreadTests(ThreeSilos silos)
{
    private static readonly TimeProvider Time = TimeProvider.System;

    [Fact]
    public async Task A_thread_knows_what_of_it_is_captured_and_since_when_the_rest_waits()
    {
        var cluster = silos.Cluster;
        var thread = cluster.Thread("seventh", "known");
        var nothing = await thread.DeltaAsync("main");
        Assert.Equal((null, PendingState.None, null), (nothing.Captured, nothing.Pending.State, nothing.Pending.Since));

        var before = Time.GetUtcNow();
        await thread.PutAsync("c1");
        var after = Time.GetUtcNow();
        await thread.PutAsync("c2", "c1", version: "2");
        var delta = await thread.DeltaAsync(null);
        Assert.Equal((null, PendingState.Pending), (delta.Captured, delta.Pending.State));
        Assert.InRange(delta.Pending.Since!.Value, before, after);

        // A cut that is not sealed captures nothing.
        await using (await cluster.CutAsync("seventh", 1)) Assert.Equal(delta.Pending.Since, (await thread.DeltaAsync("main")).Pending.Since);
        var first = await cluster.BackupAsync("seventh", 1);
        delta = await thread.DeltaAsync("main");
        Assert.Equal((PendingState.None, null, null), (delta.Pending.State, delta.Pending.Since, delta.Pending.Seconds));
        Assert.Equal((first.BackupId, first.CutTime, true, 2), (delta.Captured!.BackupId, delta.Captured.Time, delta.Captured.Exists, delta.Captured.Checkpoints));
        Assert.Equal([(first.BackupId, delta.Captured.Digest!)], delta.Backups.Select(b => (b.BackupId, b.Digest)));

        before = Time.GetUtcNow();
        await thread.PutAsync("c2", "c1", kind: "update", version: "2"); // the same number of records
        after = Time.GetUtcNow();
        await using (await cluster.CutAsync("seventh")) await thread.PutAsync("c3", "c2", version: "3");
        delta = await thread.DeltaAsync("main");
        Assert.Equal((PendingState.Pending, first.BackupId), (delta.Pending.State, delta.Captured!.BackupId));
        Assert.InRange(delta.Pending.Since!.Value, before, after);
        Assert.True(delta.Pending.Seconds >= 0);
        await thread.PutAsync("c3", "c2", version: "3");
        var second = await cluster.BackupAsync("seventh");
        Assert.Equal(PendingState.None, (await thread.DeltaAsync("main")).Pending.State);

        // A deletion waits as a change does, and the backups that hold the thread stay.
        before = Time.GetUtcNow();
        await thread.DeleteAsync();
        delta = await thread.DeltaAsync("main");
        Assert.Equal((PendingState.Pending, true), (delta.Pending.State, delta.Pending.Since >= before));
        var third = await cluster.BackupAsync("seventh", 2);
        delta = await thread.DeltaAsync("main");
        Assert.Equal((PendingState.None, third.BackupId, false, null), (delta.Pending.State, delta.Captured!.BackupId, delta.Captured.Exists, delta.Captured.Digest));
        Assert.Equal([second.BackupId, first.BackupId], delta.Backups.Select(b => b.BackupId));
    }

    [Fact]
    public async Task What_was_handed_over_is_pending_since_the_cut_and_what_was_lost_is_lost()
    {
        await using var cluster = await MemoryCluster.StartAsync();
        await RestoreTests.FillAsync(cluster, "live", 30);
        var backup = await cluster.BackupAsync("live");
        var leaver = cluster.Silos[2];
        var moved = cluster.Units(leaver, "live").Current.Keys.First().Id;
        await cluster.Thread("live", moved).PutAsync("c9", version: "9");
        await cluster.LeaveAsync(leaver);
        var delta = await cluster.Thread("live", moved).DeltaAsync("main");
        // When it was changed was known where it was: not before the cut.
        Assert.Equal(new(PendingState.Pending, backup.CutTime, delta.Pending.Seconds), delta.Pending);

        var victim = cluster.Silos[1];
        var lost = cluster.Units(victim, "live").Current.Keys.First().Id;
        await cluster.KillAsync(victim);
        delta = await cluster.Thread("live", lost).DeltaAsync("main");
        Assert.Equal((PendingState.Lost, backup.BackupId), (delta.Pending.State, delta.Captured!.BackupId));
        // What would look deleted is not captured: the answer says so.
        var refused = await Assert.ThrowsAsync<BackupException>(() => cluster.Thread("live", moved).BackUpNowAsync("main", Time));
        Assert.Equal(ErrorKind.Conflict, refused.Kind);
        Assert.Contains("were lost", refused.Message);
    }

    [Fact]
    public async Task Whoever_asks_is_captured_with_what_was_acknowledged_before_and_many_share_a_run()
    {
        const int Askers = 60, Rounds = 3;
        var cluster = silos.Cluster;
        var seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var captured = await Task.WhenAll(Enumerable.Range(0, Askers).Select(asker => Task.Run(async () =>
        {
            var random = new Random(seed + asker);
            var captures = new List<ThreadCapture>();
            var thread = cluster.Thread("eighth", $"asker {asker}");
            for (var written = 0; captures.Count < Rounds;)
            {
                for (var more = random.Next(1, 4); more > 0; more--) await thread.PutAsync($"c{written++:D4}", version: $"{written}");
                var capture = await thread.BackUpNowAsync("main", Time);
                Assert.True(capture is { Exists: true } && capture.Checkpoints == written, $"seed {seed}: {written} were acknowledged, {capture} is captured");
                captures.Add(capture);
            }
            // Nobody wrote since: it is what the thread itself says.
            var delta = await thread.DeltaAsync(null);
            Assert.Equal(PendingState.None, delta.Pending.State);
            Assert.Equal(captures[^1].Digest, delta.Captured!.Digest);
            return captures;
        })));
        var backups = (await cluster.Service<ArchiveQueries>(0).ListAsync("main", "eighth", default)).Select(b => b.BackupId).ToList();
        Assert.Equal(backups.Order(StringComparer.Ordinal), captured.SelectMany(c => c).Select(c => c.BackupId!).Distinct().Order(StringComparer.Ordinal));
        Assert.InRange(backups.Count, Rounds, Askers * Rounds / 10);
        TestContext.Current.SendDiagnosticMessage($"{Askers * Rounds} were asked for, {backups.Count} backups made");
    }

    [Fact]
    public async Task A_thread_that_is_not_there_and_names_that_are_not_configured()
    {
        var cluster = silos.Cluster;
        await cluster.Thread("ninth", "other").PutAsync("c1");
        var capture = await cluster.Thread("ninth", "nobody").BackUpNowAsync("main", Time);
        Assert.Equal((false, 0, null), (capture.Exists, capture.Checkpoints, capture.Digest));
        Assert.All(cluster.Silos, s => Assert.DoesNotContain(cluster.Units(s, "ninth").Current.Keys, u => u.Id == "nobody"));
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<BackupException>(() => cluster.Thread("gone", "t").BackUpNowAsync("main", Time))).Kind);
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<BackupException>(() => cluster.Thread("ninth", "t").BackUpNowAsync("gone", Time))).Kind);
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<BackupException>(() => cluster.Thread("ninth", "t").DeltaAsync("gone"))).Kind);
        Assert.Equal(ErrorKind.Usage, (await Assert.ThrowsAsync<BackupException>(() => cluster.Thread("gone", "t").DeltaAsync(null))).Kind);
        // The archive may know sources that are configured no more.
        Assert.Equal((null, PendingState.Unknown), ((await cluster.Thread("gone", "t").DeltaAsync("main")) is var gone ? gone.Captured : null, gone.Pending.State));
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<BackupException>(() => cluster.Thread("gone", "t").PutAsync("c1"))).Kind);
    }
}
