using Backup.Checkpoints.Closure;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using CsCheck;
using Xunit;

namespace Backup.Tests.Unit.Closure;

public sealed class ThreadAtCheckpointTests
{
    private static readonly Gen<Run> Threads = Gen.Select(Gen.Int[0, 1], Gen.Bool, Gen.Int[0, 1000].Array[1, 14]).Select((old, delta, choices) =>
    {
        var run = new Run(old == 0 ? 4 : 3, delta);
        foreach (var choice in choices) run.Step(choice);
        return run;
    });

    /// <summary>The rule: nothing that came with or after the first commit that went on from the checkpoint, on it or under it.</summary>
    [Fact]
    public void No_later_decision_comes_along() => ForEveryCheckpoint((run, at) =>
    {
        var end = run.GoneOn(at);
        foreach (var record in Select(run, at, CheckpointWrites.Auto))
            Assert.True(run.Moment(record) < end, $"{Describe(record)} came at {run.Moment(record)}, and {at} was gone on from at {end}");
    });

    [Fact]
    public void What_is_selected_is_closed() => ForEveryCheckpoint((run, at) =>
    {
        foreach (var writes in Enum.GetValues<CheckpointWrites>())
        {
            var check = new ReferenceCheck();
            foreach (var record in Select(run, at, writes)) check.Add(record);
            Assert.Empty(check.Problems());
        }
    });

    [Fact]
    public void The_checkpoint_is_the_newest_of_its_namespace_and_its_past_is_whole() => ForEveryCheckpoint((run, at) =>
    {
        var selected = Select(run, at, CheckpointWrites.Auto);
        var past = run.Ancestors(at);
        Assert.Equal(past.Append(at).ToHashSet(), selected.Where(r => r.Kind == RecordKind.Checkpoint).Select(Key).Where(k => k.Ns == at.Ns).ToHashSet());
        foreach (var (ns, id) in run.Under(at)) Assert.Contains((ns, id), selected.Where(r => r.Kind == RecordKind.Checkpoint).Select(Key));
        // Every write on an ancestor that was there is past.
        Assert.Equal(run.Records.Count(r => r.Bytes[0] == (byte)RecordKind.PendingWrite && past.Contains(Key(new(r.Bytes, r.Key)))), selected.Count(r => r.Kind == RecordKind.PendingWrite && past.Contains(Key(r))));
    });

    [Fact]
    public void A_head_that_nobody_went_on_from_keeps_what_waits_on_it() => Threads.Sample(run =>
    {
        var head = ("", run.Head!);
        if (run.GoneOn(head) != int.MaxValue) return;
        var selected = Select(run, head, CheckpointWrites.Auto);
        Assert.Equal(run.Records.Count(r => r.Bytes[0] == (byte)RecordKind.PendingWrite && Key(new(r.Bytes, r.Key)) == head), selected.Count(r => r.Kind == RecordKind.PendingWrite && Key(r) == head));
        var waiting = run.Checkpoints.Where(c => run.Under(c).TryGetValue("", out var id) && id == run.Head);
        foreach (var inner in waiting) Assert.Contains(inner, selected.Where(r => r.Kind == RecordKind.Checkpoint).Select(Key));
    }, iter: 500);

    [Fact]
    public void Writes_are_all_or_none_when_that_is_asked() => ForEveryCheckpoint((run, at) =>
    {
        Assert.DoesNotContain(Select(run, at, CheckpointWrites.None), r => r.Kind == RecordKind.PendingWrite && Key(r) == at);
        Assert.Equal(run.Records.Count(r => r.Bytes[0] == (byte)RecordKind.PendingWrite && Key(new(r.Bytes, r.Key)) == at), Select(run, at, CheckpointWrites.Stored).Count(r => r.Kind == RecordKind.PendingWrite && Key(r) == at));
    });

    [Fact]
    public void A_namespace_that_does_not_say_what_it_ran_under_is_found_by_its_task()
    {
        var run = new List<EncodedRecord>();
        void Add(Action<RecordBuffer> encode)
        {
            var buffer = new RecordBuffer();
            encode(buffer);
            run.Add(buffer.Record);
        }
        void Checkpoint(string ns, string id, string? parent) => Add(new Checkpoint { Namespace = ns, CheckpointId = id, ParentId = parent, Envelope = "{\"v\": 1}"u8.ToArray(), Metadata = "{}"u8.ToArray() }.Encode);
        void Write(string ns, string id, string task, string channel) => Add(new PendingWrite { Namespace = ns, CheckpointId = id, TaskId = task, Index = -3, Channel = channel, Value = "1"u8.ToArray() }.Encode);
        Checkpoint("", "1", null);
        Write("", "1", "old", "__interrupt__");
        Checkpoint("a:old", "2", null);
        Checkpoint("", "3", "1");
        Write("", "3", "new", "__interrupt__");
        Checkpoint("a:new", "4", null);
        Checkpoint("a:other", "5", null);
        Assert.Equal([("", "1"), ("", "3"), ("a:new", "4"), ("a:old", "2")], Kept("3"));
        Assert.Equal([("", "1")], Kept("1"));

        List<(string, string)> Kept(string id)
        {
            var closure = new ThreadAtCheckpoint("", id, CheckpointWrites.Auto);
            foreach (var record in run) closure.Learn(record);
            closure.Decide();
            return run.Where(r => r.Kind == RecordKind.Checkpoint && closure.Keeps(r)).Select(Key).Order().ToList();
        }
    }

    private static void ForEveryCheckpoint(Action<Run, (string Ns, string Id)> check) => Threads.Sample(run =>
    {
        foreach (var at in run.Checkpoints) check(run, at);
    }, iter: 300);

    private static List<EncodedRecord> Select(Run run, (string Ns, string Id) at, CheckpointWrites writes)
    {
        var closure = new ThreadAtCheckpoint(at.Ns, at.Id, writes);
        foreach (var (bytes, key) in run.Records) closure.Learn(new(bytes, key));
        closure.Decide();
        Assert.True(closure.Found);
        return run.Records.Select(r => new EncodedRecord(r.Bytes, r.Key)).Where(closure.Keeps).ToList();
    }

    private static (string Ns, string Id) Key(EncodedRecord record)
    {
        var reader = new RecordReader(record.Bytes.Span);
        return (reader.Text(), reader.Text());
    }

    private static string Describe(EncodedRecord record) => $"{record.Kind} {System.Text.Encoding.UTF8.GetString(record.Bytes.Span)}";
}
