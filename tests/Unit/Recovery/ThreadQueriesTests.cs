using System.Text.Json;
using Backup.Archive;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Recovery;
using Backup.Tests.Unit.Engine;
using Xunit;

namespace Backup.Tests.Unit.Recovery;

/// <summary>A thread at a point, with everything stores do to a value: inline, apart, both, nowhere, in the writes of ancestors, in a form nobody here reads.</summary>
public sealed class ThreadQueriesTests : IDisposable
{
    private const string Pretty = "{\n  \"price\": 1.10,\r\n  \"big\": 123456789012345678901234567890, \"half\": \"\\ud800\"\n}";
    private static readonly UnitId Unit = UnitId.Thread("t");
    private readonly TemporaryArchive temporary = new();
    private readonly OpenedArchive archive;
    private readonly DictionaryStore store = new();
    private readonly RecordBuffer record = new();

    public ThreadQueriesTests() => archive = temporary.Create();

    private ThreadQueries Queries => new(new OneArchive(archive), temporary.LastSeen, TimeProvider.System);

    [Fact]
    public async Task Values_are_resolved_as_LangGraph_resolves_them_and_never_printed_anew()
    {
        Put(new ChannelBlob { Namespace = "", Channel = "apart", Version = "2", Type = "json", Value = Samples.Bytes(Pretty) }.Encode);
        Put(new ChannelBlob { Namespace = "", Channel = "apart", Version = "1", Type = "json", Value = Samples.Bytes("\"old\"") }.Encode);
        Put(new ChannelBlob { Namespace = "", Channel = "both", Version = "2", Type = "json", Value = Samples.Bytes("[1]") }.Encode);
        Put(new ChannelBlob { Namespace = "", Channel = "packed", Version = "2", Type = "msgpack", Value = new byte[] { 0x93, 1, 2, 3 } }.Encode);
        Put(new ChannelBlob { Namespace = "", Channel = "broken", Version = "2", Type = "json", Value = new byte[] { (byte)'"', 0xff, (byte)'"' } }.Encode);
        Put(new ChannelBlob { Namespace = "", Channel = "empty", Version = "2", Type = "empty" }.Encode);
        Put(new ChannelBlob { Namespace = "inner", Channel = "empty", Version = "2", Type = "json", Value = Samples.Bytes("1") }.Encode);
        Checkpoint("", "c1", null, """{"v": 4, "channel_versions": {"apart": 1}}""");
        Checkpoint("", "c2", "c1", """{"v": 4, "channel_values": {"inline": 1.50, "both": true, "nothing": null}, "channel_versions": {"apart": 2, "both": 2, "packed": 2, "broken": 2, "empty": 2, "inline": "0002.5", "lost": 2}}""");
        Checkpoint("inner", "c9", null, "{}");
        Put(new PendingWrite { Namespace = "", CheckpointId = "c2", TaskId = "b", Index = 1, Channel = "apart", Type = "json", Value = Samples.Bytes("1.0") }.Encode);
        Put(new PendingWrite { Namespace = "", CheckpointId = "c2", TaskId = "b", Index = -3, Channel = "__interrupt__", Type = "msgpack", Value = new byte[] { 1 } }.Encode);
        Put(new PendingWrite { Namespace = "", CheckpointId = "c2", TaskId = "a", Index = 0, Channel = "apart", Type = null, Value = Array.Empty<byte>(), TaskPath = "~x" }.Encode);
        Put(new PendingWrite { Namespace = "", CheckpointId = "c1", TaskId = "a", Index = 0, Channel = "apart", Type = "json", Value = Samples.Bytes("1") }.Encode);
        var backup = await TemporaryArchive.BackupAsync(archive, store);

        var state = await StateAsync();
        Assert.Equal((backup.BackupId, backup.CutTime, "c2", "c1", "t"), (state.BackupId, state.CutTime, state.CheckpointId, state.ParentId, state.ThreadId));
        Assert.Equal("""{"v": 4, "channel_values": {"inline": 1.50, "both": true, "nothing": null}, "channel_versions": {"apart": 2, "both": 2, "packed": 2, "broken": 2, "empty": 2, "inline": "0002.5", "lost": 2}}""", state.Envelope.Text);
        Assert.Equal(
        [
            ("apart", "2", ChannelPlace.Blob, "json", Pretty.Replace('\n', ' ').Replace('\r', ' ')), ("both", "2", ChannelPlace.Blob, "json", "[1]"), ("broken", "2", ChannelPlace.Blob, "json", null),
            ("empty", "2", ChannelPlace.None, null, null), ("inline", "0002.5", ChannelPlace.Inline, null, "1.50"), ("lost", "2", ChannelPlace.None, null, null),
            ("nothing", null, ChannelPlace.Inline, null, "null"), ("packed", "2", ChannelPlace.Blob, "msgpack", (string?)null),
        ], state.Channels.Select(c => (c.Channel, c.Version, c.Place, c.Type, c.Value?.Text)));
        Assert.Equal((4L, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([0x93, 1, 2, 3]))), (state.Channels[^1].Size, state.Channels[^1].Digest));
        Assert.Equal([("a", 0, null, 0L, null, "~x"), ("b", -3, "msgpack", 1L, null, ""), ("b", 1, "json", 3L, (string?)"1.0", "")],
            state.Writes.Select(w => (w.TaskId, w.Index, w.Type, w.Size, w.Value?.Text, w.TaskPath)));

        Assert.Equal("\"old\"", (await StateAsync(checkpoint: "c1")).Channels.Single().Value?.Text);
        Assert.Equal("c9", (await StateAsync(ns: "inner")).CheckpointId);
        var none = await Assert.ThrowsAsync<BackupException>(() => StateAsync(ns: "nowhere"));
        Assert.Equal(ErrorKind.NotFound, none.Kind);
        Assert.Contains("'inner'", none.Hint!, StringComparison.Ordinal);
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<BackupException>(() => StateAsync(checkpoint: "c3"))).Kind);
    }

    [Fact]
    public async Task A_delta_channel_is_named_with_the_writes_its_state_lies_in()
    {
        // A snapshot at the second checkpoint; two writes on it, one on the third, one waiting on the fourth.
        for (var step = 1; step <= 4; step++)
        {
            Checkpoint("", $"c{step}", step > 1 ? $"c{step - 1}" : null, $$$"""{"v": 4, "channel_versions": {"messages": {{{step}}}}}""",
                $$$"""{"step": {{{step}}}, "counters_since_delta_snapshot": {"messages": [{{{(step == 2 ? 0 : step)}}}, 0]}}""");
            Put(new ChannelBlob { Namespace = "", Channel = "messages", Version = $"{step}", Type = step == 2 ? "json" : "empty", Value = step == 2 ? Samples.Bytes("""{"lc":2}""") : (ReadOnlyMemory<byte>?)null }.Encode);
            for (var index = 0; index < (step == 2 ? 2 : 1); index++)
                Put(new PendingWrite { Namespace = "", CheckpointId = $"c{step}", TaskId = "a", Index = index, Channel = "messages", Type = "json", Value = Samples.Bytes("[]") }.Encode);
        }
        await TemporaryArchive.BackupAsync(archive, store);
        foreach (var (id, place, writes) in new[] { ("c1", ChannelPlace.Delta, 0), ("c2", ChannelPlace.Blob, 0), ("c3", ChannelPlace.Delta, 2), ("c4", ChannelPlace.Delta, 3) })
        {
            var channel = (await StateAsync(checkpoint: id)).Channels.Single();
            Assert.Equal((id, place, writes, place == ChannelPlace.Blob), (id, channel.Place, channel.AncestorWrites, channel.Value is not null));
        }
    }

    [Fact]
    public async Task What_came_went_and_changed_is_told_record_by_record()
    {
        Checkpoint("", "c1", null, """{"channel_values": {"n": 1, "same": "s", "gone": 2}}""");
        Put(new PendingWrite { Namespace = "", CheckpointId = "c1", TaskId = "a", Index = -3, Channel = "__interrupt__", Type = "json", Value = Samples.Bytes("1") }.Encode);
        Put(new PendingWrite { Namespace = "", CheckpointId = "c1", TaskId = "b", Index = 0, Channel = "x", Type = "json", Value = Samples.Bytes("1") }.Encode);
        await BackupAtAsync(1);
        store.Units[Unit].RemoveAt(2);
        Put(new PendingWrite { Namespace = "", CheckpointId = "c1", TaskId = "a", Index = -3, Channel = "__interrupt__", Type = "json", Value = Samples.Bytes("22") }.Encode);
        Checkpoint("", "c2", "c1", """{"channel_values": {"n": 1.0, "same": "s", "new": [1]}}""");
        await BackupAtAsync(2);
        await BackupAtAsync(3);

        var difference = await DifferenceAsync("00:01", "00:02");
        Assert.Equal((ThreadChange.Changed, "c1", "c2", 3L, 3L), (difference.Change, difference.From.CheckpointId, difference.To.CheckpointId, difference.From.Records, difference.To.Records));
        Assert.Equal([("checkpoints", 1, 0, 0), ("writes", 0, 1, 1)], difference.Records.Select(r => (r.Kind, (int)r.Came, (int)r.Went, (int)r.Changed)));
        Assert.Equal((RecordChange.Came, "c2", 7), (difference.Checkpoints.Single().Change, difference.Checkpoints.Single().CheckpointId, difference.Checkpoints.Single().Step));
        Assert.Equal([("gone", "2", null), ("n", "1", "1.0"), ("new", (string?)null, (string?)"[1]")], difference.Channels.Select(c => (c.Channel, c.From?.Value?.Text, c.To?.Value?.Text)));
        Assert.Equal([(RecordChange.Changed, "a", -3, "__interrupt__"), (RecordChange.Went, "b", 0, "x")], difference.Writes.Select(w => (w.Change, w.TaskId, w.Index, w.Channel)));
        var back = await DifferenceAsync("00:02", "00:01");
        Assert.Equal((RecordChange.Went, difference.Records[1].BytesCame), (back.Checkpoints.Single().Change, back.Records[1].BytesWent));
        var none = await DifferenceAsync("00:02", null);
        Assert.Equal((ThreadChange.None, 0, 0, 0, 0), (none.Change, none.Records.Count, none.Checkpoints.Count, none.Channels.Count, none.Writes.Count));
    }

    [Fact]
    public async Task A_thread_that_is_at_one_point_only_was_created_or_deleted()
    {
        Samples.AddThread(store, "other", 1, new Random(1));
        await BackupAtAsync(1);
        Checkpoint("", "c1", null, "{}");
        await BackupAtAsync(2);
        store.Units.Remove(Unit);
        await BackupAtAsync(3);
        Assert.Equal((ThreadChange.Created, 0L, 1L), await ChangeAsync("00:01", "00:02"));
        Assert.Equal((ThreadChange.Deleted, 1L, 0L), await ChangeAsync("00:02", "00:03"));
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<BackupException>(() => DifferenceAsync("00:01", "00:03"))).Kind);
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<BackupException>(() => DifferenceAsync("00:00", "00:03"))).Kind);

        async Task<(ThreadChange, long, long)> ChangeAsync(string from, string to)
        {
            var difference = await DifferenceAsync(from, to);
            return (difference.Change, difference.From.Records, difference.To.Records);
        }
    }

    [Fact]
    public async Task History_has_every_checkpoint_of_every_backup_once()
    {
        var backups = new List<string>();
        Checkpoint("", "c1", null, "{}");
        backups.Add(await BackupAtAsync(1));
        Checkpoint("", "c2", "c1", "{}");
        Checkpoint("inner", "c5", null, "{}");
        backups.Add(await BackupAtAsync(2));
        backups.Add(await BackupAtAsync(3));
        store.Units[Unit].RemoveAt(1);
        Put(new PendingWrite { Namespace = "", CheckpointId = "c1", TaskId = "a", Index = 0, Channel = "x", Type = "json", Value = Samples.Bytes("1") }.Encode);
        backups.Add(await BackupAtAsync(4));
        var history = await Queries.HistoryAsync("main", "prod", "t", default);
        Assert.Equal([("", "c2", backups[1], backups[2], false, 0), ("", "c1", backups[0], backups[3], true, 1), ("inner", "c5", backups[1], backups[3], true, 0)],
            history.Select(c => (c.Namespace, c.CheckpointId, c.FirstBackupId!, c.LastBackupId!, c.InLatest, c.Writes)));
        Assert.Equal((Minute(2), Minute(3)), (history[0].FirstCutTime, history[0].LastCutTime));
        store.Units.Remove(Unit);
        Samples.AddThread(store, "other", 1, new Random(1));
        await BackupAtAsync(5);
        Assert.All(await Queries.HistoryAsync("main", "prod", "t", default), c => Assert.False(c.InLatest));
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<BackupException>(() => Queries.HistoryAsync("main", "prod", "nobody", default))).Kind);
    }

    [Fact]
    public async Task A_rolled_back_archive_has_no_newest_backup()
    {
        Checkpoint("", "c1", null, "{}");
        await BackupAtAsync(1);
        await BackupAtAsync(2);
        temporary.LastSeen.Remember(archive, await Backup.Archive.Catalog.SealChain.LoadAsync(archive, default));
        File.Delete(Directory.EnumerateFiles(Path.Combine(temporary.Path, "seals")).Order().Last());
        await Assert.ThrowsAsync<DamageException>(() => StateAsync());
        await Assert.ThrowsAsync<DamageException>(() => DifferenceAsync("00:01", null));
        await Assert.ThrowsAsync<DamageException>(() => Queries.HistoryAsync("main", "prod", "t", default));
    }

    [Theory]
    [InlineData("1.10")]
    [InlineData("-0")]
    [InlineData("1e400")]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"a\":[true,null,{}]}")]
    public void Json_stays_as_it_is(string json)
    {
        var text = JsonText.From(Samples.Bytes(json))!.Value;
        Assert.Equal($"{{\"Value\":{json}}}", JsonSerializer.Serialize(new { Value = text }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("1 2")]
    [InlineData("nul")]
    public void What_is_no_json_is_not_passed_on_as_json(string text) => Assert.Null(JsonText.From(Samples.Bytes(text)));

    public void Dispose() => temporary.Dispose();

    private static DateTimeOffset Minute(int minute) => new(2026, 11, 24, 0, minute, 0, TimeSpan.Zero);

    private async Task<string> BackupAtAsync(int minute)
    {
        store.Describe = cut => cut with { Time = Minute(minute) };
        return (await TemporaryArchive.BackupAsync(archive, store)).BackupId;
    }

    private Task<StateView> StateAsync(string ns = "", string? checkpoint = null) =>
        Queries.StateAsync(new() { Archive = "main", Source = "prod", Thread = "t", Namespace = ns, Checkpoint = checkpoint }, default);

    private Task<ThreadDifference> DifferenceAsync(string from, string? to) =>
        Queries.DifferenceAsync(new() { Archive = "main", Source = "prod", Thread = "t", From = $"2026-11-24T{from}Z", To = to is null ? null : $"2026-11-24T{to}Z" }, default);

    private void Checkpoint(string ns, string id, string? parent, string envelope, string metadata = """{"source": "loop", "step": 7}""") =>
        Put(new Checkpoint { Namespace = ns, CheckpointId = id, ParentId = parent, Envelope = Samples.Bytes(envelope), Metadata = Samples.Bytes(metadata) }.Encode);

    private void Put(Action<RecordBuffer> encode)
    {
        encode(record);
        store.Put(Unit, record);
    }
}
