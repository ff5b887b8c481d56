using Backup.Contracts;

namespace Backup.Tests.Cluster.Memory;

/// <summary>A silo that leaves in order hands its threads over.</summary>
public sealed class LeaveTests
{
    [Fact]
    public async Task A_silo_that_leaves_loses_nothing_while_clients_write()
    {
        await using var cluster = await MemoryCluster.StartAsync();
        var before = await RestoreTests.FillAsync(cluster, "live", 80);
        await cluster.Thread("live", "large").PutAsync("c1", value: new string('x', 3_000_000));
        using var stop = new CancellationTokenSource();
        var written = new int[4];
        var writers = Enumerable.Range(0, 4).Select(w => Task.Run(async () =>
        {
            // A refused write is repeated, as a client would, and one whose answer was lost with the silo it came through.
            for (var n = 0; !stop.IsCancellationRequested;)
            {
                try
                {
                    await cluster.Thread("live", $"writer{w}/{n % 10}").PutAsync($"c{n:D6}", version: $"{n}");
                    written[w] = ++n;
                }
                catch (Exception error) when (error is BackupException { Kind: ErrorKind.Unreachable } or OrleansException or TimeoutException)
                {
                    await Task.Delay(5);
                }
            }
        })).ToList();
        await Support.Until.TrueAsync("the writers have written", () => Task.FromResult(written.All(n => n > 20)));

        await cluster.LeaveAsync(cluster.Silos[1]);
        await cluster.LeaveAsync(cluster.Silos[0]);
        await Support.Until.TrueAsync("the writers go on", () => Task.FromResult(written.All(n => n > 60)), 90);
        await stop.CancelAsync();
        await Task.WhenAll(writers);

        foreach (var (id, text) in before) Assert.Equal(text, await cluster.Thread("live", id).DumpAsync());
        Assert.Equal(3_000_000, (await cluster.Thread("live", "large").GetAsync("", null))!.Values[0].Value.Value!.Length);
        for (var w = 0; w < 4; w++)
        {
            var found = 0;
            for (var t = 0; t < 10; t++) found += (await cluster.Thread("live", $"writer{w}/{t}").ListAsync(new())).Count;
            Assert.InRange(found, written[w], written[w] + 1); // the last may have been stored although its answer was lost
        }
        var backup = await cluster.BackupAsync("live");
        Assert.Empty(backup.Warnings);
        Assert.Equal(80 + 1 + 40, backup.Threads);
    }

    [Fact]
    public async Task What_nobody_has_room_for_is_lost_and_said()
    {
        await using var cluster = await MemoryCluster.StartAsync(silos: 2, limit: 1);
        for (var i = 0; i < 24; i++)
        {
            try
            {
                await cluster.Thread("live", $"t{i}").PutAsync("c1", value: new string('x', 70_000));
            }
            catch (BackupException error) when (error.Message.Contains("no room", StringComparison.Ordinal))
            {
            }
        }
        var held = cluster.Silos.Sum(s => cluster.Units(s, "live").Count);
        Assert.True(held > 14, $"{held} are more than one silo holds");
        await cluster.LeaveAsync(cluster.Silos[1]);
        var left = cluster.Units(cluster.Silos[0], "live");
        Assert.InRange(left.Bytes, 900_000, 1_000_000);
        var backup = await cluster.BackupAsync("live");
        Assert.Equal(left.Count, backup.Threads);
        Assert.StartsWith($"suspect: {held - left.Count} threads were lost", Assert.Single(backup.Warnings));
    }
}
