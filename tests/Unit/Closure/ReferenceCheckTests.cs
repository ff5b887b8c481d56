using Backup.Checkpoints.Closure;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using CsCheck;
using Xunit;

namespace Backup.Tests.Unit.Closure;

public sealed class ReferenceCheckTests
{
    private readonly ReferenceCheck check = new();

    [Theory]
    [InlineData("""{"v": 4, "channel_versions": {"m": 3}}""", 1)] // JS keeps a row for every version
    [InlineData("""{"v": 4, "channel_versions": {"m": "00000000000000000000000000000003.0.5"}}""", 0)] // Python need not
    [InlineData("""{"v": 4, "channel_values": {"m": 1}, "channel_versions": {"m": 3}}""", 0)] // the value stands in the envelope
    [InlineData("""{"v": 4, "channel_values": {"m": null}, "channel_versions": {"m": 3}}""", 1)]
    [InlineData("""{"v": 4, "channel_versions": {}}""", 0)]
    public void A_named_value_that_is_missing(string envelope, int problems)
    {
        Checkpoint("c", null, envelope);
        Assert.Equal(problems, check.Problems().Count);
    }

    [Fact]
    public void An_empty_value_is_one()
    {
        Checkpoint("c", null, """{"v": 4, "channel_versions": {"m": 3}}""");
        Blob("m", "3", null);
        Assert.Empty(check.Problems());
    }

    [Fact]
    public void Tasks_of_an_older_format_lie_in_the_writes_of_the_parent()
    {
        Checkpoint("c", "p", """{"v": 3, "channel_versions": {}}""");
        Assert.Contains("parent p", Assert.Single(check.Problems()), StringComparison.Ordinal);
        Add(new PendingWrite { Namespace = "", CheckpointId = "p", TaskId = "t", Index = 0, Channel = "__pregel_tasks", Value = Utf8("1") }.Encode);
        Assert.Empty(check.Problems());
    }

    [Fact]
    public void The_state_of_a_delta_channel_needs_every_ancestor_to_its_snapshot() => Gen.Select(Gen.Int[1, 30], Gen.Int[0, 29], Gen.Int[0, 29]).Sample((length, snapshot, gone) =>
    {
        var fresh = new ReferenceCheckTests();
        snapshot %= length;
        gone %= length;
        for (var i = 0; i < length; i++)
        {
            if (i == gone) continue;
            fresh.Checkpoint($"{i}", i == 0 ? null : $"{i - 1}", $$"""{"v": 4, "channel_versions": {"m": "{{i}}"} }""", $$"""{"counters_since_delta_snapshot": {"m": [{{Math.Max(0, i - snapshot)}}, 0]} }""");
            if (i == snapshot) fresh.Blob("m", $"{i}", "[]");
        }
        // Those behind the hole have lost their state, unless a snapshot lies between.
        var lost = gone >= snapshot ? length - 1 - gone : 0;
        Assert.Equal(lost, fresh.check.Problems().Count);
    }, iter: 2000);

    [Fact]
    public void A_circle_of_ancestors_is_told_and_not_walked_for_ever()
    {
        Checkpoint("a", "b", """{"v": 4, "channel_versions": {"m": "1"}}""", """{"counters_since_delta_snapshot": {"m": [1, 1]}}""");
        Checkpoint("b", "a", """{"v": 4, "channel_versions": {"m": "1"}}""", """{"counters_since_delta_snapshot": {"m": [1, 1]}}""");
        Assert.Equal(2, check.Problems().Count);
    }

    [Fact]
    public void A_long_thread_without_a_snapshot_is_checked_in_one_walk()
    {
        const int Length = 20_000;
        for (var i = 0; i < Length; i++)
            Checkpoint($"{i:d5}", i == 0 ? null : $"{i - 1:d5}", """{"v": 4, "channel_versions": {"m": "1"}}""", """{"counters_since_delta_snapshot": {"m": [1, 1]}}""");
        Assert.Empty(check.Problems());
    }

    private void Checkpoint(string id, string? parent, string envelope, string metadata = "{}") =>
        Add(new Checkpoint { Namespace = "", CheckpointId = id, ParentId = parent, Envelope = Utf8(envelope), Metadata = Utf8(metadata) }.Encode);

    private void Blob(string channel, string version, string? value) =>
        Add(new ChannelBlob { Namespace = "", Channel = channel, Version = version, Type = value is null ? "empty" : "json", Value = value is null ? (ReadOnlyMemory<byte>?)null : Utf8(value) }.Encode);

    private void Add(Action<RecordBuffer> encode)
    {
        var buffer = new RecordBuffer();
        encode(buffer);
        check.Add(buffer.Record);
    }

    private static ReadOnlyMemory<byte> Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
