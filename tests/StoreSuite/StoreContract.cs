using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;
using CsCheck;

namespace Backup.Tests.StoreSuite;

/// <summary>What every checkpoint store promises as a source and as a target.</summary>
public abstract class StoreContract
{
    private static readonly UnitId A = UnitId.Thread("a"), B = UnitId.Thread("b"), C = UnitId.Thread("c");

    /// <summary>How many random stores a property is tried on.</summary>
    protected abstract int Samples { get; }

    /// <summary>True when a cut is of one instant and of those who hold it; false when each unit is read at an instant of its own.</summary>
    protected virtual bool HoldsStill => true;

    /// <summary>Ids of threads that break quoting, collation and order.</summary>
    protected virtual IEnumerable<string> OddIds => Support.Samples.OddIds;

    /// <summary>Stores of a few threads.</summary>
    private protected virtual Gen<Contents> Stores => Support.Samples.Store;

    /// <summary>How many threads are enough for several shards.</summary>
    protected virtual int Many => 300;

    /// <summary>False for a store that keeps one checkpoint of a namespace.</summary>
    protected virtual bool KeepsHistory => true;

    /// <summary>False for a store whose values are all those of checkpoints that are there.</summary>
    protected virtual bool KeepsLooseValues => true;

    private protected abstract Task<StoreUnderTest> CreateAsync();

    private Contents Thread(Contents contents, string id, int steps, string text = "x") => Support.Samples.Thread(contents, id, steps, text, KeepsHistory);

    [Fact]
    public Task What_is_written_is_captured_and_put_back_byte_by_byte() => Stores.SampleAsync(async contents =>
    {
        await using var store = await CreateAsync();
        await using var copy = store.Another();
        await store.WriteAsync(contents);
        Contents.AssertEqual(contents, await Contents.ReadAsync(store.Source), "captured");
        await StoreUnderTest.RestoreAsync(copy.Target, await store.IntentAsync(), contents);
        if (contents.Units.Any()) Contents.AssertEqual(contents, await Contents.ReadAsync(copy.Source), "put back");
    }, iter: Samples, threads: 1);

    [Fact]
    public async Task Shards_cover_everything_once_however_many()
    {
        await using var store = await CreateAsync();
        var contents = new Contents();
        foreach (var id in OddIds) Thread(contents, id, 2);
        for (var i = 0; i < Many; i++) Thread(contents, $"thread {i}", 1);
        await store.WriteAsync(contents);
        await using var cut = await store.Source.CutAsync(default);
        foreach (var shards in new[] { 1, 2, 7, 40, 1000 }) Contents.AssertEqual(contents, await Contents.ReadAsync(cut, shards), $"{shards} shards");
    }

    [Fact]
    public async Task Every_unit_is_listed_once_also_those_without_a_checkpoint()
    {
        await using var store = await CreateAsync();
        var contents = new Contents()
            .Put(UnitId.Thread("only writes"), Support.Samples.Write("not there", 0, "m", "1"));
        if (KeepsLooseValues) contents.Put(UnitId.Thread("only values"), Support.Samples.Blob("m", "1", "1"));
        foreach (var id in OddIds) Thread(contents, id, 1);
        await store.WriteAsync(contents);
        await using var cut = await store.Source.CutAsync(default);
        var listed = new List<UnitId>();
        await foreach (var unit in cut.ListAsync(default)) listed.Add(unit);
        Assert.Equal(listed.Count, listed.Distinct().Count());
        Assert.True(listed.ToHashSet().SetEquals(contents.Units));
        Contents.AssertEqual(contents, await Contents.ReadAsync(cut));
    }

    [Fact]
    public async Task Named_units_are_captured_and_those_not_there_are_not_reported()
    {
        await using var store = await CreateAsync();
        var contents = new Contents();
        foreach (var id in OddIds) Thread(contents, id, 1);
        await store.WriteAsync(contents);
        await using var cut = await store.Source.CutAsync(default);
        var wanted = contents.Units.Where((_, i) => i % 3 == 0).ToList();
        var read = new Contents();
        await cut.CaptureAsync([.. wanted, .. wanted, UnitId.Thread("nobody"), UnitId.Thread("nul\0"), new UnitId(UnitKind.Memory, "nothing")], read, default);
        Contents.AssertEqual(contents.Only(wanted), read);
    }

    [Fact]
    public async Task A_cut_does_not_move_while_writers_go_on_unless_it_says_so()
    {
        await using var store = await CreateAsync();
        var before = Thread(Thread(new(), "a", 5), "b", 5);
        await store.WriteAsync(before);
        await using var cut = await store.Source.CutAsync(default);
        await store.WriteAsync(Thread(new(), "c", 3));
        await store.WriteAsync(new Contents().Put(A, Support.Samples.Write("c00001", 7, "m", "\"late\"")));
        await store.DeleteAsync("b");
        var now = Thread(before.Copy().Remove(B).Put(A, Support.Samples.Write("c00001", 7, "m", "\"late\"")), "c", 3);
        Assert.Equal(!HoldsStill, cut.Description.Moving);
        Contents.AssertEqual(HoldsStill ? before : now, await Contents.ReadAsync(cut), "at the cut");
        var listed = new List<UnitId>();
        await foreach (var unit in cut.ListAsync(default)) listed.Add(unit);
        Assert.Equal(HoldsStill ? [A, B] : [A, C], listed.Order());
        Contents.AssertEqual(now, await Contents.ReadAsync(store.Source), "afterwards");
    }

    [Fact]
    public async Task Shards_of_one_cut_are_captured_side_by_side()
    {
        await using var store = await CreateAsync();
        var contents = new Contents();
        for (var i = 0; i < 40; i++) Thread(contents, $"thread {i}", 3);
        await store.WriteAsync(contents);
        await using var cut = await store.Source.CutAsync(default);
        var parts = await Task.WhenAll((await cut.PlanAsync(8, default)).Select(async shard =>
        {
            var part = new Contents();
            await cut.CaptureAsync(shard, part, default);
            return part;
        }));
        Assert.Equal(40, parts.Sum(p => p.Units.Count()));
        Contents.AssertEqual(contents, parts.Aggregate(new Contents(), (all, part) => part.Units.Aggregate(all, (a, u) => a.Put(u, part.Records(u)))));
    }

    [Fact]
    public async Task A_huge_value_comes_back()
    {
        await using var store = await CreateAsync();
        await using var copy = store.Another();
        var value = $"\"{new string('v', 6 << 20)}\"";
        var contents = Thread(new Contents().Put(A, Support.Samples.Checkpoint("c", envelope: """{"v": 4, "channel_versions": {"m": 1, "n": 2}}"""), Support.Samples.Blob("m", "1", value), Support.Samples.Blob("n", "2", null), Support.Samples.Write("c", 0, "m", value)), "small", 2);
        await store.WriteAsync(contents);
        await StoreUnderTest.RestoreAsync(copy.Target, await store.IntentAsync(), contents);
        Contents.AssertEqual(contents, await Contents.ReadAsync(copy.Source));
    }

    [Fact]
    public async Task A_thread_is_replaced_whole_and_others_stay()
    {
        await using var store = await CreateAsync();
        var old = Thread(Thread(new(), "a", 9, "old"), "b", 4);
        await store.WriteAsync(old);
        await store.WriteAsync(new Contents().Put(A, [Support.Samples.Write("orphan", 0, "m", "1"), .. KeepsLooseValues ? [Support.Samples.Blob("stale", "1", "1")] : Array.Empty<Action<RecordBuffer>>()]));
        var replacement = Thread(new(), "a", 3, "new");
        await StoreUnderTest.RestoreAsync(store.Target, await store.IntentAsync(), replacement, A);
        Contents.AssertEqual(Thread(Thread(new(), "a", 3, "new"), "b", 4), await Contents.ReadAsync(store.Source));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Units_are_removed_whole(bool online)
    {
        await using var store = await CreateAsync();
        var contents = new Contents();
        foreach (var id in OddIds) Thread(contents, id, 1);
        await store.WriteAsync(contents);
        var gone = contents.Units.Where((_, i) => i % 2 == 0).ToList();
        await using (var session = await store.Target.OpenAsync(await store.IntentAsync(online), default))
        {
            await session.RemoveAsync([.. gone, UnitId.Thread("nobody")], default);
            await session.CommitAsync(default);
        }
        Contents.AssertEqual(contents.Remove(gone), await Contents.ReadAsync(store.Source));
    }

    [Fact]
    public async Task Without_a_commit_the_target_is_as_before()
    {
        await using var store = await CreateAsync();
        var before = Thread(Thread(new(), "a", 4), "b", 4);
        await store.WriteAsync(before);
        await using (var session = await store.Target.OpenAsync(await store.IntentAsync(), default))
        {
            Assert.False(session.Fresh);
            await StoreUnderTest.LoadAsync(session, Thread(Thread(new(), "a", 1), "c", 2), A);
            await session.RemoveAsync([B], default);
            await session.SettleAsync(default);
            await using var seen = await session.ReadAsync(default);
            Contents.AssertEqual(Thread(Thread(new(), "a", 1), "c", 2), await Contents.ReadAsync(seen), "inside the session");
        }
        Contents.AssertEqual(before, await Contents.ReadAsync(store.Source), "afterwards");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_loader_that_fails_in_the_middle_leaves_nothing_of_its_unit(bool online)
    {
        await using var store = await CreateAsync();
        var before = Thread(new(), "a", 3);
        await store.WriteAsync(before);
        await using (var session = await store.Target.OpenAsync(await store.IntentAsync(online), default))
        {
            await using var loader = await session.OpenLoaderAsync(default);
            await loader.BeginAsync(A, true, default);
            // Enough that parts of it were sent.
            foreach (var record in new Contents().Put(A, Enumerable.Range(0, 6).Select(i => Support.Samples.Blob("m", $"{i}", $"\"{new string('x', 3 << 20)}\"")).ToArray()).Records(A))
                await loader.WriteAsync(record, default);
        }
        Contents.AssertEqual(before, await Contents.ReadAsync(store.Source));
    }

    [Fact]
    public async Task Online_a_writer_is_let_in_and_its_rows_are_seen()
    {
        await using var store = await CreateAsync();
        await store.WriteAsync(Thread(new(), "a", 2));
        await using var session = await store.Target.OpenAsync(await store.IntentAsync(online: true), default);
        await StoreUnderTest.LoadAsync(session, Thread(new(), "b", 2));
        await store.WriteAsync(new Contents().Put(B, Support.Samples.Write("c00002", 9, "m", "\"by another\"")));
        await session.SettleAsync(default);
        await using (var seen = await session.ReadAsync(default))
        {
            var all = Thread(Thread(new(), "a", 2), "b", 2).Put(B, Support.Samples.Write("c00002", 9, "m", "\"by another\""));
            Contents.AssertEqual(all, await Contents.ReadAsync(seen));
        }
        await session.CommitAsync(default);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_unit_that_is_there_is_not_written_over_unasked(bool online)
    {
        await using var store = await CreateAsync();
        var before = Thread(Thread(new(), "a", 2), "c", 1);
        await store.WriteAsync(before);
        await using (var session = await store.Target.OpenAsync(await store.IntentAsync(online), default))
        {
            var error = await Assert.ThrowsAsync<BackupException>(() => StoreUnderTest.LoadAsync(session, Thread(new(), "a", 3, "new")));
            Assert.Equal(ErrorKind.Conflict, error.Kind);
        }
        Contents.AssertEqual(before, await Contents.ReadAsync(store.Source));
    }

    [Fact]
    public async Task An_empty_target_is_fresh_and_inspecting_changes_nothing()
    {
        await using var store = await CreateAsync();
        await store.WriteAsync(Thread(new(), "c", 1));
        var intent = await store.IntentAsync();
        await using var other = store.Another();
        Assert.Null(await other.Target.InspectAsync(intent, default));
        Assert.Null(await other.Target.InspectAsync(intent, default));
        await using (var session = await other.Target.OpenAsync(intent, default)) Assert.True(session.Fresh);
        await using var seen = await store.Target.InspectAsync(intent, default);
        Contents.AssertEqual(Thread(new(), C.Id, 1), await Contents.ReadAsync(seen!));
    }

    [Fact]
    public async Task A_cut_that_nobody_holds_cannot_be_joined()
    {
        await using var store = await CreateAsync();
        string token;
        CutDescription taken;
        await using (var cut = await store.Source.CutAsync(default)) (token, taken) = (cut.Description.Token, cut.Description);
        if (!HoldsStill)
        {
            // There is nothing to hold: whoever joins sees the same store, and says the same of the cut.
            await store.WriteAsync(Thread(new(), "a", 1));
            await using var joined = await store.Source.JoinCutAsync(token, default);
            Assert.Equal((taken.Time, taken.Layout), (joined.Description.Time, joined.Description.Layout));
            Assert.Equal(taken.Identity, joined.Description.Identity);
            token = "another/process/history/1/1";
        }
        await Assert.ThrowsAsync<CutLostException>(() => store.Source.JoinCutAsync(token, default));
    }
}
