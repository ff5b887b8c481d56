using Backup.Contracts;

namespace Backup.Tests.Cluster.Memory;

/// <summary>A thread's grain does what LangGraph's savers do.</summary>
public sealed class CheckpointThreadTests(ThreeSilos silos)
{
    private readonly MemoryCluster cluster = silos.Cluster;

    [Fact]
    public async Task A_checkpoint_is_upserted_and_its_values_stay()
    {
        var thread = cluster.Thread("live", "upsert");
        Assert.Null(await thread.GetAsync("", null));
        await thread.PutAsync("c1", "c0", "first");
        await thread.PutAsync("c1", "other", "second", kind: "update");
        var stored = (await thread.GetAsync("", "c1"))!;
        Assert.Equal("c0", stored.ParentId);
        Assert.Contains("update", stored.Metadata);
        Assert.Equal("first", Assert.Single(stored.Values).Value.Text());
        Assert.Null(await thread.GetAsync("", "c2"));
        Assert.Null(await thread.GetAsync("sub:1", null));
    }

    [Fact]
    public async Task A_value_that_is_absent_and_one_that_is_empty_stay_different()
    {
        var thread = cluster.Thread("live", "empty");
        await thread.PutAsync(new CheckpointPut
        {
            CheckpointId = "c1", Checkpoint = """{"v": 4, "channel_versions": {"a": 1, "b": 1}}""", Metadata = "{}",
            Values = [new("a", "1", new("empty", null)), new("b", "1", new("bytes", []))],
        });
        var values = (await thread.GetAsync("", null))!.Values.ToDictionary(v => v.Channel, v => v.Value.Value);
        Assert.Null(values["a"]);
        Assert.Equal([], values["b"]!);
    }

    [Fact]
    public async Task Writes_come_before_and_after_their_checkpoint_and_onto_old_ones()
    {
        var thread = cluster.Thread("live", "writes");
        await thread.WriteAsync("c1", "task", ("messages", "1"), ("next", "2"));
        await thread.PutAsync("c1");
        await thread.PutAsync("c2", "c1", version: "2");
        await thread.WriteAsync("c1", "task", ("messages", "late"));
        await thread.WriteAsync("c1", "second", ("messages", "3"));
        await thread.WriteAsync("c1", "task", ("__interrupt__", "asks"));
        await thread.WriteAsync("c1", "task", ("__interrupt__", "asks again"));
        await thread.WriteAsync("c1", "task", ("__resume__", "yes"), ("messages", "mixed: stays"));
        Assert.Equal([("second", 0, "3"), ("task", -4, "yes"), ("task", -3, "asks again"), ("task", 0, "1"), ("task", 1, "2")],
            (await thread.GetAsync("", "c1"))!.Writes.Select(w => (w.TaskId, w.Index, w.Value.Text())));
        Assert.Empty((await thread.GetAsync("", null))!.Writes);
    }

    [Fact]
    public async Task Lists_newest_first_by_namespace_metadata_age_and_number()
    {
        var thread = cluster.Thread("live", "list");
        for (var i = 1; i <= 6; i++) await thread.PutAsync($"c{i}", i > 1 ? $"c{i - 1}" : null, kind: i % 2 == 0 ? "even" : "odd", version: $"{i}");
        await thread.PutAsync("c7", ns: "sub:1");
        Assert.Equal(["c6", "c5", "c4", "c3", "c2", "c1"], await Ids(new() { Namespace = "" }));
        Assert.Equal(["c4", "c2"], await Ids(new() { Namespace = "", Before = "c6", Metadata = new Dictionary<string, string> { ["source"] = "\"even\"" }, Limit = 2 }));
        Assert.Equal(["c7"], await Ids(new() { Namespace = "sub:1" }));
        Assert.Equal(7, (await Ids(new())).Count);
        Assert.Equal("c6", (await thread.GetAsync("", null))!.CheckpointId);

        async Task<IReadOnlyList<string>> Ids(CheckpointFilter filter) => [.. (await thread.ListAsync(filter)).Select(c => c.CheckpointId)];
    }

    [Fact]
    public async Task A_deleted_thread_is_gone_and_may_begin_anew()
    {
        var thread = cluster.Thread("live", "delete");
        await thread.PutAsync("c1");
        await thread.WriteAsync("c1", "task", ("messages", "1"));
        await thread.DeleteAsync();
        Assert.Empty(await thread.ListAsync(new()));
        await thread.DeleteAsync();
        await thread.PutAsync("c9");
        Assert.Equal("c9", (await thread.GetAsync("", null))!.CheckpointId);
    }

    [Theory]
    [InlineData("sql", "t", "'sql' is not a memory store")]
    [InlineData("nothing", "t", "no source named 'nothing'")]
    public async Task What_cannot_be_a_thread_is_refused(string store, string id, string says) =>
        Assert.Contains(says, (await Assert.ThrowsAsync<BackupException>(() => cluster.Thread(store, id).PutAsync("c1"))).Message);

    [Fact]
    public async Task An_id_that_no_archive_could_carry_is_refused() =>
        Assert.Contains("not valid Unicode", (await Assert.ThrowsAsync<BackupException>(() => cluster.Thread("live", "half " + (char)0xd83d).PutAsync("c1"))).Message);

    [Fact]
    public async Task Threads_are_spread_over_the_silos_whoever_calls()
    {
        var ids = Enumerable.Range(0, 90).Select(i => $"spread/{i} ü😀").ToList();
        await Parallel.ForEachAsync(ids, async (id, _) => await cluster.Service<IGrainFactory>(0).GetGrain<Abstractions.ICheckpointThreadGrain>(Abstractions.GrainKeys.Thread("other", id)).PutAsync("c1", value: id));
        var counts = cluster.Silos.Select(s => cluster.Units(s, "other").Count).ToList();
        Assert.Equal(90, counts.Sum());
        Assert.All(counts, c => Assert.InRange(c, 12, 50));
        foreach (var id in ids) Assert.Equal(id, Assert.Single((await cluster.Thread("other", id).GetAsync("", null))!.Values).Value.Text());
    }
}
