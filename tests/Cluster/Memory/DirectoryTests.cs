using Backup.Abstractions;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Grains.Memory;
using Backup.Grains.Memory.Directory;
using Microsoft.Extensions.DependencyInjection;

namespace Backup.Tests.Cluster.Memory;

/// <summary>The directory knows a thread before the thread holds anything, and for good.</summary>
public sealed class DirectoryTests
{
    [Fact]
    public async Task Many_new_threads_are_few_writes_and_all_are_known_afterwards()
    {
        await using var cluster = await MemoryCluster.StartAsync(silos: 1);
        const int Threads = 5000;
        await Parallel.ForEachAsync(Enumerable.Range(0, Threads), new ParallelOptions { MaxDegreeOfParallelism = 500 }, async (i, _) => await cluster.Thread("live", $"t{i}").PutAsync("c1"));
        Assert.InRange(cluster.Writes, 16, Threads / 5);

        var directory = cluster.Service<ThreadDirectory>(0);
        await directory.AssignAsync("live", Enumerable.Range(0, Threads).Where(i => i % 3 == 0).Select(i => KeyValuePair.Create(UnitId.Thread($"t{i}"), (SiloAddress?)null)));
        await cluster.DeactivateDirectoriesAsync("live");
        for (var i = 0; i < Threads; i += 7)
            Assert.Equal(i % 3 == 0 ? null : cluster.Silos[0].SiloAddress, (await directory.FindAsync("live", UnitId.Thread($"t{i}"))).Holder);
    }

    [Fact]
    public async Task The_first_to_claim_is_the_holder_and_a_second_activation_cannot_take_it_from_him()
    {
        await using var cluster = await MemoryCluster.StartAsync(silos: 2);
        var (first, second) = (cluster.Silos[0], cluster.Silos[1]);
        var unit = UnitId.Thread("contested");
        Assert.Equal(first.SiloAddress, await cluster.Service<ThreadDirectory>(0).ClaimAsync("live", unit, first.SiloAddress));
        Assert.Equal(first.SiloAddress, await cluster.Service<ThreadDirectory>(1).ClaimAsync("live", unit, second.SiloAddress));

        // As two activations of the thread's grain would, for a moment, on both silos.
        var here = Thread(0);
        var there = Thread(1);
        await here.ChangeAsync(c => c.With(Record("1")));
        var refused = await Assert.ThrowsAsync<BackupException>(() => there.ChangeAsync(c => c.With(Record("2"))));
        Assert.Equal(ErrorKind.Unreachable, refused.Kind);
        await Assert.ThrowsAsync<BackupException>(there.ReadAsync);
        await Assert.ThrowsAsync<BackupException>(there.DeleteAsync);
        Assert.Null(cluster.Units(second, "live").Find(unit));
        Assert.Single((await here.ReadAsync()).Records);

        HeldThread Thread(int silo) => new("live", unit, cluster.Units(cluster.Silos[silo], "live"), cluster.Service<ThreadDirectory>(silo), cluster.Service<SiloMap>(silo));
    }

    [Fact]
    public async Task A_listing_that_was_overtaken_starts_anew_and_overwrites_nothing()
    {
        await using var cluster = await MemoryCluster.StartAsync(silos: 1);
        var directory = cluster.Service<ThreadDirectory>(0);
        var silo = cluster.Silos[0].SiloAddress;
        // Two units of one listing.
        var units = Enumerable.Range(0, 1000).Select(i => UnitId.Thread($"u{i}")).GroupBy(u => ThreadDirectory.Partition(UnitName.Of(u))).First().Take(3).ToList();
        var key = GrainKeys.Directory("live", ThreadDirectory.Partition(UnitName.Of(units[0])));
        await directory.ClaimAsync("live", units[0], silo);

        // Another activation has stored a claim this one does not know of.
        cluster.Overtake(key, UnitName.Of(units[1]), silo.ToParsableString());
        await Assert.ThrowsAnyAsync<Exception>(() => directory.ClaimAsync("live", units[2], silo));
        Assert.Equal(silo, await directory.ClaimAsync("live", units[2], silo));
        foreach (var unit in units) Assert.Equal(silo, (await directory.FindAsync("live", unit)).Holder);
    }

    private static Checkpoints.Encoding.EncodedRecord Record(string version)
    {
        var buffer = new Checkpoints.Encoding.RecordBuffer();
        new ChannelBlob { Namespace = "", Channel = "c", Version = version, Type = "json" }.Encode(buffer);
        return buffer.Record;
    }
}
