using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Recovery;
using Backup.Tests.Unit.Engine;

namespace Backup.Tests.Unit.ChangeLog;

/// <summary>Checkpoints that came and went between two backups are listed, and gone back to.</summary>
public sealed class TimelineTests : IDisposable
{
    private readonly TemporaryArchive temporary = new();
    private readonly TrackedStore store = new();
    private readonly RecordBuffer record = new();

    [Fact]
    public async Task What_only_the_log_has_seen_can_be_found_and_recovered()
    {
        var archive = temporary.Create();
        var journal = new Journal(store, new Random(1));
        await using var log = new RunningLog(archive, journal);
        Put("t", 1);
        journal.Commit();
        await log.CatchUpAsync();
        await TemporaryArchive.BackupAsync(archive, store);
        // Two come, one is replaced, the thread goes; it comes again, with another one.
        Put("t", 2);
        Put("brief", 7);
        journal.Commit();
        Put("t", 2, step: 20);
        Put("t", 3);
        journal.Commit();
        await log.CatchUpAsync();
        store.Delete(UnitId.Thread("t"));
        store.Delete(UnitId.Thread("brief"));
        journal.Commit();
        Put("t", 4);
        journal.Commit();
        await log.CatchUpAsync();

        var queries = new ThreadQueries(new OneArchive(archive), temporary.LastSeen, TimeProvider.System);
        var history = (await queries.HistoryAsync("main", "prod", "t", default)).ToDictionary(c => Enumerable.Range(1, 9).Single(step => Samples.Checkpoint(step) == c.CheckpointId));
        Assert.Equal([1, 2, 3, 4], history.Keys.Order());
        Assert.Equal((true, null), (history[1].FirstBackupId is not null, history[1].LoggedFrom));
        foreach (var step in new[] { 2, 3 })
        {
            Assert.Null(history[step].FirstBackupId);
            Assert.True(history[step].LoggedFrom < history[step].LoggedUntil, $"{history[step]}");
        }
        Assert.Equal(20, history[2].Step); // as it was last
        Assert.Equal(history[2].LoggedUntil, history[3].LoggedUntil);
        Assert.Null(history[4].LoggedUntil);
        var brief = Assert.Single(await queries.HistoryAsync("main", "prod", "brief", default));
        Assert.NotNull(brief.LoggedUntil);
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<BackupException>(() => queries.HistoryAsync("main", "prod", "never", default))).Kind);

        foreach (var (thread, step, expected) in new[] { ("t", 3, new[] { 1, 2, 3 }), ("brief", 7, [7]), ("t", 4, [4]) })
        {
            var target = new DictionaryStore();
            Assert.True((await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", Source = "prod", Target = "s", Threads = [thread], At = Samples.Checkpoint(step) })).Exact);
            Assert.Equal(expected.Select(Samples.Checkpoint).Order(), target.Units[UnitId.Thread(thread)].Select(r => new EncodedRecord(r.Bytes, r.Key)).Where(r => r.Kind == RecordKind.Checkpoint).Select(r => Checkpoint.Decode(r).CheckpointId).Order());
        }
    }

    public void Dispose() => temporary.Dispose();

    private void Put(string thread, int number, int? step = null)
    {
        new Checkpoint
        {
            Namespace = "", CheckpointId = Samples.Checkpoint(number), ParentId = number is > 1 and < 4 ? Samples.Checkpoint(number - 1) : null,
            Envelope = Samples.Bytes("""{"v": 4, "channel_versions": {}}"""), Metadata = Samples.Bytes($$"""{"parents": {}, "step": {{step ?? number}} }"""),
        }.Encode(record);
        store.Put(UnitId.Thread(thread), record);
    }
}
