using System.Diagnostics;
using Backup.Abstractions;
using Backup.Contracts;
using Backup.Tests.Cluster.ChangeLog;

namespace Backup.Tests.Cluster.Threads;

/// <summary>Where a change log runs, a thread that is asked for is captured by it.</summary>
public sealed class LoggedThreadTests
{
    private static readonly TimeProvider Time = TimeProvider.System;

    [Fact]
    public async Task The_log_captures_who_asks_and_no_run_is_started()
    {
        await using var store = await FollowedStore.CreateAsync();
        await using var cluster = await LogCluster.StartAsync(store.ConnectionString);
        await cluster.UntilAsync("the log runs and has its base", s => s is { State: LogState.Running, NeedsBase: false }, store);
        var backups = (await cluster.Thread("first").DeltaAsync(null)).Backups.Count;
        for (var i = 0; i < 40; i++) await store.WriteAsync($"t{i % 20}");
        var watch = Stopwatch.StartNew();
        var captured = await Task.WhenAll(Enumerable.Range(0, 21).Select(i => cluster.Thread(i == 20 ? "nobody" : $"t{i}").BackUpNowAsync(null, Time)));
        TestContext.Current.SendDiagnosticMessage($"21 threads were captured after {watch.Elapsed.TotalSeconds:F1} s");
        Assert.All(captured.Take(20), c => Assert.Equal((null, true, 2), (c.BackupId, c.Exists, c.Checkpoints)));
        Assert.False(captured[20].Exists);
        // What it returns is a point of the thread.
        var position = LogPosition.Read(captured[0].Position)!.Value;
        await store.WriteAsync("t0");
        Assert.True(await cluster.HoldsAsync("t0", position));

        // Nobody writes any more: it does not wait until an idle source is looked at.
        watch.Restart();
        var idle = await cluster.Thread("t0").BackUpNowAsync("main", Time);
        Assert.Equal((null, 3), (idle.BackupId, idle.Checkpoints));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 15);

        var delta = await cluster.Thread("t0").DeltaAsync(null);
        Assert.Equal((null, null, PendingState.Unknown, delta.Captured!.Time), (delta.Captured.BackupId, delta.Captured.Exists, delta.Pending.State, delta.Pending.Since));
        Assert.True(delta.Pending.Seconds < 60 && LogPosition.Read(delta.Captured.Position) >= LogPosition.Read(idle.Position));
        Assert.Equal(backups, (await cluster.Thread("first").DeltaAsync(null)).Backups.Count);
    }
}
