using Backup.Archive;
using Backup.Checkpoints.Closure;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Tests.Unit.Engine;
using Xunit;

namespace Backup.Tests.Unit.ChangeLog;

/// <summary>A thread that goes back to a checkpoint over its log is what it was just before somebody decided there.</summary>
public sealed class DecisionTests : IDisposable
{
    private const string Thread = "t";
    private readonly TemporaryArchive temporary = new();
    private readonly TrackedStore store = new();
    private readonly RecordBuffer record = new();

    [Theory]
    [InlineData(false)] // the decision is behind the newest base
    [InlineData(true)] // and before it
    public async Task What_was_written_on_it_before_the_decision_stays_and_the_decision_goes(bool baseBehind)
    {
        var archive = temporary.Create();
        var journal = new Journal(store, new Random(1));
        await using var log = new RunningLog(archive, journal);
        Put(1, null);
        journal.Commit();
        await log.CatchUpAsync();
        await TemporaryArchive.BackupAsync(archive, store);
        Put(2, 1);
        journal.Commit();
        Write(2, "done", 0, "messages");
        Write(2, "asks", -3, SpecialChannels.Interrupt);
        journal.Commit();
        await log.CatchUpAsync();
        // Somebody approves, and the graph goes on.
        Write(2, "asks", -4, SpecialChannels.Resume);
        journal.Commit();
        Write(2, "asks", 0, "messages");
        journal.Commit();
        Put(3, 2);
        journal.Commit();
        await log.CatchUpAsync();
        if (baseBehind) await TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Incremental);
        Put(4, 3);
        journal.Commit();
        await log.CatchUpAsync();

        Assert.Equal(["asks -3", "done 0"], await WritesAsync(archive, 2));
        // A checkpoint nobody decided on has what it had last; of one whose child was there before the log, nothing of its own is sure.
        Assert.Equal([], await WritesAsync(archive, 4));
        Assert.Equal([], await WritesAsync(archive, 1));
        Assert.Equal([1, 2], (await RestoreAsync(archive, 2)).Where(r => r.Kind == RecordKind.Checkpoint).Select(r => Step(Checkpoint.Decode(r).CheckpointId)).Order());
    }

    public void Dispose() => temporary.Dispose();

    private static int Step(string id) => Enumerable.Range(1, 9).Single(step => Samples.Checkpoint(step) == id);

    private async Task<IEnumerable<string>> WritesAsync(OpenedArchive archive, int step) =>
        (await RestoreAsync(archive, step)).Where(r => r.Kind == RecordKind.PendingWrite).Select(PendingWrite.Decode).Where(w => w.CheckpointId == Samples.Checkpoint(step)).Select(w => $"{w.TaskId} {w.Index}").Order();

    private static async Task<IReadOnlyList<EncodedRecord>> RestoreAsync(OpenedArchive archive, int step)
    {
        var target = new DictionaryStore();
        Assert.True((await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", Source = "prod", Target = "s", Threads = [Thread], At = Samples.Checkpoint(step) })).Exact);
        return [.. target.Units[UnitId.Thread(Thread)].Select(r => new EncodedRecord(r.Bytes, r.Key))];
    }

    private void Put(int step, int? parent)
    {
        new Checkpoint
        {
            Namespace = "", CheckpointId = Samples.Checkpoint(step), ParentId = parent is { } p ? Samples.Checkpoint(p) : null,
            Envelope = Samples.Bytes("""{"v": 4, "channel_versions": {}}"""), Metadata = Samples.Bytes($$"""{"parents": {}, "step": {{step}} }"""),
        }.Encode(record);
        store.Put(UnitId.Thread(Thread), record);
    }

    private void Write(int step, string task, int index, string channel)
    {
        new PendingWrite { Namespace = "", CheckpointId = Samples.Checkpoint(step), TaskId = task, Index = index, Channel = channel, Type = "json", Value = Samples.Bytes("1") }.Encode(record);
        store.Put(UnitId.Thread(Thread), record);
    }
}
