using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Stores;
using Backup.Engine.Units;
using Backup.Grains.Memory;
using Backup.Grains.Memory.Cuts;
using Backup.Tests.Cluster.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Backup.Tests.Cluster.Memory;

/// <summary>A cut over three silos is one instant.</summary>
public sealed class CutTests(ThreeSilos silos)
{
    private const int Rounds = 300;
    private readonly MemoryCluster cluster = silos.Cluster;

    [Fact]
    public async Task No_cut_has_an_effect_without_its_cause()
    {
        // Each writer numbers its writes and makes them in turn on threads of different silos, each after the acknowledgement of the
        // one before: a cut that holds write n and not what write n - 1 left would be no instant.
        var chains = Enumerable.Range(0, 4).Select(w => SpreadIds($"chain{w}")).ToList();
        using var stop = new CancellationTokenSource();
        var acknowledged = Enumerable.Repeat(-1L, chains.Count).ToArray();
        var writers = chains.Select((ids, w) => Task.Run(async () =>
        {
            for (var n = 0L; !stop.IsCancellationRequested; n++)
            {
                await cluster.Thread("third", ids[(int)(n % ids.Count)]).PutAsync("c", kind: $"{n}");
                Interlocked.Exchange(ref acknowledged[w], n);
            }
        })).ToList();
        await Until.TrueAsync("all write", () => Task.FromResult(acknowledged.All(n => n >= 3)));
        var distinct = new HashSet<(int, long)>();
        for (var i = 0; i < Rounds; i++)
        {
            var before = acknowledged.Select((_, w) => Interlocked.Read(ref acknowledged[w])).ToList();
            await using var cut = await cluster.CutAsync("third", i % 3);
            Assert.Empty(cut.Description.Warnings);
            for (var w = 0; w < chains.Count; w++)
            {
                var found = await NumberSink.ReadAsync(cut, chains[w]);
                var last = found.Max();
                Assert.Equal(found.Select((_, t) => last - ((last - t) % 3)), found);
                Assert.True(last >= before[w], $"write {before[w]} was acknowledged before the cut, {last} is the last in it");
                distinct.Add((w, last));
            }
        }
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        Assert.True(distinct.Count > Rounds, $"the writers hardly moved: {distinct.Count} states in {Rounds} cuts");
    }

    [Fact]
    public async Task A_cut_keeps_what_is_overwritten_and_deleted_after_it()
    {
        var ids = SpreadIds("kept");
        foreach (var id in ids) await cluster.Thread("fourth", id).PutAsync("c1", value: "before");
        await using var cut = await cluster.CutAsync("fourth");
        var before = await DigestSink.ReadAsync(cut, ids.Select(UnitId.Thread).ToList(), default);
        await cluster.Thread("fourth", ids[0]).PutAsync("c1", kind: "after");
        await cluster.Thread("fourth", ids[1]).DeleteAsync();
        await cluster.Thread("fourth", ids[2]).PutAsync("c2", version: "2");
        await cluster.Thread("fourth", "new").PutAsync("c1");
        Assert.Equal(before, await DigestSink.ReadAsync(cut, [.. ids.Select(UnitId.Thread), UnitId.Thread("new")], default));
        Assert.Equal(3, before.Count);

        // Joined on another silo it is the same, and it is held as long as one of the two has it.
        var joined = await (await cluster.Service<ICheckpointStores>(1).OpenSourceAsync("fourth", default)).JoinCutAsync(cut.Description.Token, default);
        await cut.DisposeAsync();
        Assert.Equal(before, await DigestSink.ReadAsync(joined, ids.Select(UnitId.Thread).ToList(), default));
        Assert.Equal(ids.Order(StringComparer.Ordinal), (await ListAsync(joined)).Select(u => u.Id));
        await joined.DisposeAsync();
        var token = joined.Description.Token.Split('|')[0];
        await Until.TrueAsync("every silo has let go", () => Task.FromResult(cluster.Silos.All(s => Cuts(s).Find(token) is null)));
        await Assert.ThrowsAsync<CutLostException>(() => DigestSink.ReadAsync(joined, [UnitId.Thread(ids[0])], default));
    }

    [Fact]
    public async Task Shards_of_a_cut_cover_everything_once_and_name_their_silos()
    {
        var ids = Enumerable.Range(0, 60).Select(i => $"shard{i}").ToList();
        await Parallel.ForEachAsync(ids, async (id, _) => await cluster.Thread("fifth", id).PutAsync("c1"));
        await using var cut = await cluster.CutAsync("fifth");
        var shards = await cut.PlanAsync(12, default);
        Assert.Equal(3, shards.Select(s => s.Place).Distinct().Count());
        Assert.InRange(shards.Count, 12, 15);
        var sink = new DigestSink(); // it refuses a unit that comes twice
        foreach (var shard in shards) await cut.CaptureAsync(shard, sink, default);
        Assert.Equal(ids.Order(StringComparer.Ordinal), sink.Digests.Keys.Order().Select(u => u.Id));
        Assert.Equal(ids.Order(StringComparer.Ordinal), (await ListAsync(cut)).Select(u => u.Id));
    }

    [Fact]
    public async Task Writers_that_are_held_for_a_cut_nobody_takes_go_on_by_themselves()
    {
        var silo = cluster.Silos[0];
        var units = cluster.Units(silo, "sixth");
        var cuts = Cuts(silo);
        cuts.Prepare("sixth", "forgotten", null);
        var write = units.ChangeAsync(UnitId.Thread("waits"), content => content.With(Record()));
        Assert.False(write.IsCompleted);
        await write.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.NotNull(units.Find(UnitId.Thread("waits")));
        Assert.Contains("took too long", Assert.Throws<BackupException>(() => cuts.Take("sixth", "forgotten", "k", new(1, false, []))).Message);
    }

    [Fact]
    public async Task A_large_unit_comes_whole_through_pages()
    {
        var thread = cluster.Thread("live", "large");
        var value = new string('x', 300_000);
        for (var i = 0; i < 12; i++) await thread.PutAsync($"c{i:D2}", value: value + i, version: $"{i}");
        await thread.PutAsync("c99", value: new string('y', 3_000_000), version: "99");
        var dumps = new HashSet<string>();
        for (var silo = 0; silo < 3; silo++)
        {
            await using var cut = await cluster.CutAsync("live", silo);
            var digest = Assert.Single(await DigestSink.ReadAsync(cut, [UnitId.Thread("large")], default)).Value;
            Assert.Equal((13, 13), (digest[RecordKind.Checkpoint].Count, digest[RecordKind.ChannelBlob].Count));
            dumps.Add(digest.Content.ToString());
        }
        Assert.Single(dumps);
    }

    private SiloCuts Cuts(Orleans.TestingHost.InProcessSiloHandle silo) => cluster.Services(silo).GetRequiredService<SiloCuts>();

    // Ids whose threads are on different silos.
    private IReadOnlyList<string> SpreadIds(string name) => [.. cluster.Silos.Select(s =>
        Enumerable.Range(0, 1000).Select(i => $"{name}/{i}").First(id => SiloMap.Choose(UnitId.Thread(id), cluster.Silos.Select(o => o.SiloAddress)).Equals(s.SiloAddress)))];

    private static Checkpoints.Encoding.EncodedRecord Record()
    {
        var buffer = new Checkpoints.Encoding.RecordBuffer();
        new ChannelBlob { Namespace = "", Channel = "c", Version = "1", Type = "json" }.Encode(buffer);
        return buffer.Record;
    }

    private static async Task<IReadOnlyList<UnitId>> ListAsync(ISourceCut cut)
    {
        var units = new List<UnitId>();
        await foreach (var unit in cut.ListAsync(default)) units.Add(unit);
        return units;
    }

    // The number each thread's checkpoint carries.
    private sealed class NumberSink : IRecordSink
    {
        private readonly Dictionary<string, long> numbers = [];
        private string current = "";

        public static async Task<IReadOnlyList<long>> ReadAsync(ISourceCut cut, IReadOnlyList<string> threads)
        {
            var sink = new NumberSink();
            await cut.CaptureAsync(threads.Select(UnitId.Thread).ToList(), sink, default);
            return [.. threads.Select(t => sink.numbers[t])];
        }

        public ValueTask BeginAsync(UnitId unit, CancellationToken cancellation)
        {
            current = unit.Id;
            return default;
        }

        public ValueTask WriteAsync(Checkpoints.Encoding.EncodedRecord record, CancellationToken cancellation)
        {
            if (record.Kind == RecordKind.Checkpoint)
                numbers[current] = long.Parse(System.Text.Json.JsonDocument.Parse(Checkpoint.Decode(record).Metadata).RootElement.GetProperty("source").GetString()!, System.Globalization.CultureInfo.InvariantCulture);
            return default;
        }

        public ValueTask EndAsync(CancellationToken cancellation) => default;
    }
}
