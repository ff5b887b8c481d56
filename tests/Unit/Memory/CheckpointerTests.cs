using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Units;
using Backup.Tests.Unit.Engine;
using CsCheck;
using Xunit;

namespace Backup.Tests.Unit.Memory;

public sealed class CheckpointerTests : IDisposable
{
    private readonly TemporaryArchive temporary = new();

    [Fact]
    public void Values_stay_checkpoints_are_upserted_without_their_parent()
    {
        var thread = new LocalThread(new MemoryUnits(1 << 20), "t");
        thread.Put(Make("c1", null, "first"), [Blob("1", "a")]);
        thread.Put(Make("c1", "other", "second"), [Blob("1", "b")]);
        var tuple = thread.Get("", null)!;
        Assert.Null(tuple.Checkpoint.ParentId);
        Assert.Contains("second", Text(tuple.Checkpoint.Metadata), StringComparison.Ordinal);
        Assert.Equal("a", Text(Assert.Single(tuple.Blobs).Value!.Value));
    }

    [Fact]
    public void Special_writes_are_replaced_others_stay()
    {
        var thread = new LocalThread(new MemoryUnits(1 << 20), "t");
        thread.PutWrites("", "c1", "task", "", [("m", "json", Samples.Bytes("1")), ("n", "json", Samples.Bytes("2"))]); // before its checkpoint
        thread.PutWrites("", "c1", "task", "", [("m", "json", Samples.Bytes("late"))]);
        thread.PutWrites("", "c1", "task", "", [("__interrupt__", "json", Samples.Bytes("asks"))]);
        thread.PutWrites("", "c1", "task", "", [("__interrupt__", "json", Samples.Bytes("asks again"))]);
        Assert.Null(thread.Get("", null));
        thread.Put(Make("c1", null, "x"), []);
        Assert.Equal([(-3, "asks again"), (0, "1"), (1, "2")], thread.Get("", "c1")!.Writes.Select(w => (w.Index, Text(w.Value))));
    }

    [Fact]
    public void Lists_newest_first_with_filters()
    {
        var thread = new LocalThread(new MemoryUnits(1 << 20), "t");
        for (var i = 1; i <= 5; i++) thread.Put(Make($"c{i}", i > 1 ? $"c{i - 1}" : null, i % 2 == 0 ? "even" : "odd"), []);
        thread.Put(Make("c9", null, "odd") with { Namespace = "sub:1" }, []);
        Assert.Equal(["c5", "c4", "c3", "c2", "c1"], thread.List("", null, null, null).Select(t => t.Checkpoint.CheckpointId));
        Assert.Equal(["c3", "c1"], thread.List("", "c4", new Dictionary<string, string> { ["kind"] = "\"odd\"" }, 2).Select(t => t.Checkpoint.CheckpointId));
        Assert.Equal("c5", thread.Get("", null)!.Checkpoint.CheckpointId);
        Assert.Equal(6, thread.List(null, null, null, null).Count);
        thread.Delete();
        Assert.Empty(thread.List(null, null, null, null));
    }

    [Fact]
    public void A_write_beyond_the_limit_is_refused_and_changes_nothing()
    {
        var units = new MemoryUnits(1000);
        var thread = new LocalThread(units, "t");
        thread.Put(Make("c1", null, "x"), []);
        var before = units.Bytes;
        var error = Assert.Throws<BackupException>(() => thread.Put(Make("c2", null, "x"), [Blob("1", new string('x', 2000))]));
        Assert.Contains("no room", error.Message, StringComparison.Ordinal);
        Assert.Equal((before, "c1"), (units.Bytes, thread.Get("", null)!.Checkpoint.CheckpointId));
        thread.Delete();
        Assert.Equal(0, units.Bytes);
    }

    /// <summary>Random operations against an oracle that is nothing but a dictionary; a seed is printed when it fails.</summary>
    [Fact]
    public void Behaves_like_its_model()
    {
        var put = Gen.Select(Gen.Int[0, 5], Gen.Int[0, 3], Gen.Int[0, 99], (c, v, x) => (Do: 'p', C: $"c{c}", V: $"{v}", X: $"{x}"));
        var write = Gen.Select(Gen.Int[0, 5], Gen.Int[0, 2], Gen.Int[0, 99], (c, t, x) => (Do: 'w', C: $"c{c}", V: $"t{t}", X: $"{x}"));
        var special = Gen.Select(Gen.Int[0, 5], Gen.Int[0, 2], Gen.Int[0, 99], (c, t, x) => (Do: 's', C: $"c{c}", V: $"t{t}", X: $"{x}"));
        var delete = Gen.Const((Do: 'd', C: "", V: "", X: ""));
        Gen.Frequency((8, put), (8, write), (4, special), (1, delete)).Array[0, 60].Sample(operations =>
        {
            var thread = new LocalThread(new MemoryUnits(1 << 20), "t");
            var checkpoints = new SortedDictionary<string, string>(StringComparer.Ordinal);
            var blobs = new Dictionary<string, string>();
            var writes = new SortedDictionary<(string, string, int), string>();
            foreach (var (what, c, v, x) in operations)
            {
                if (what == 'p')
                {
                    thread.Put(Make(c, null, x, v), [Blob(v, x)]);
                    checkpoints[c] = v;
                    blobs.TryAdd(v, x);
                }
                else if (what == 'd')
                {
                    thread.Delete();
                    checkpoints.Clear();
                    blobs.Clear();
                    writes.Clear();
                }
                else
                {
                    thread.PutWrites("", c, v, "", [(what == 's' ? "__resume__" : "m", "json", Samples.Bytes(x))]);
                    if (what == 's') writes[(c, v, -4)] = x; else writes.TryAdd((c, v, 0), x);
                }
            }
            var listed = thread.List("", null, null, null);
            return listed.Select(t => t.Checkpoint.CheckpointId).SequenceEqual(checkpoints.Keys.Reverse())
                && listed.All(t => Text(t.Blobs.Single().Value!.Value) == blobs[checkpoints[t.Checkpoint.CheckpointId]]
                    && t.Writes.Select(w => (t.Checkpoint.CheckpointId, w.TaskId, w.Index, Text(w.Value)))
                        .SequenceEqual(writes.Where(w => w.Key.Item1 == t.Checkpoint.CheckpointId).Select(w => (w.Key.Item1, w.Key.Item2, w.Key.Item3, w.Value))));
        }, iter: 300);
    }

    [Fact]
    public async Task A_cut_sees_one_instant_while_others_write()
    {
        var units = new MemoryUnits(1 << 26);
        var store = new MemoryStore(units, TimeProvider.System);
        // Each round writes thread a, then thread b: at any instant b is at most one behind a, and never ahead.
        var writer = Task.Run(() =>
        {
            for (var i = 1; i <= 2000; i++)
                foreach (var id in new[] { "a", "b" }) new LocalThread(units, id).Put(Make($"c{i:D9}", null, "x"), []);
        });
        var cuts = 0;
        do
        {
            await using var cut = await store.CutAsync(default);
            var digests = await DigestSink.ReadAsync(cut, [UnitId.Thread("a"), UnitId.Thread("b")], default);
            long Count(string id) => digests.TryGetValue(UnitId.Thread(id), out var digest) ? digest.Count : 0;
            Assert.True(Count("a") == Count("b") || Count("a") == Count("b") + 1, $"{Count("a")} and {Count("b")}");
            cuts++;
        }
        while (!writer.IsCompleted);
        await writer;
        Assert.True(cuts > 1);
    }

    [Fact]
    public async Task A_destroyed_store_comes_back()
    {
        var units = new MemoryUnits(1 << 26);
        var store = new MemoryStore(units, TimeProvider.System);
        for (var i = 0; i < 50; i++) new LocalThread(units, $"t{i}").Put(Make("c1", null, $"{i}"), [Blob("1", $"value {i}")]);
        var archive = temporary.Create();
        var summary = await TemporaryArchive.BackupAsync(archive, store);
        var empty = new MemoryUnits(1 << 26);
        var target = new MemoryStore(empty, TimeProvider.System);
        var report = await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", BackupId = summary.BackupId, Target = "s" });
        Assert.Equal((50, true), (report.Threads, report.Exact));
        Assert.True((await temporary.VerifyAsync(archive, false, target, summary.BackupId)).Ok);
        Assert.Equal("value 7", Text(new LocalThread(empty, "t7").Get("", null)!.Blobs.Single().Value!.Value));
    }

    public void Dispose() => temporary.Dispose();

    private static Checkpoint Make(string id, string? parent, string kind, string version = "1") => new()
    {
        Namespace = "", CheckpointId = id, ParentId = parent,
        Envelope = Samples.Bytes($$$"""{"v": 4, "channel_versions": {"m": {{{version}}} }}"""), Metadata = Samples.Bytes($$"""{"kind": "{{kind}}"}"""),
    };

    private static ChannelBlob Blob(string version, string value) => new() { Namespace = "", Channel = "m", Version = version, Type = "json", Value = Samples.Bytes(value) };

    private static string Text(ReadOnlyMemory<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes.Span);
}
