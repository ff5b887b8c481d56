using Backup.Checkpoints.Model;
using Backup.Contracts;
using Xunit;

namespace Backup.Tests.Unit.Engine;

public sealed class RoundTripTests : IDisposable
{
    private readonly TemporaryArchive temporary = new();

    [Fact]
    public async Task A_store_comes_back_whole_and_verified()
    {
        var archive = temporary.Create();
        var store = Samples.Store(700);
        var summary = await TemporaryArchive.BackupAsync(archive, store);
        Assert.Equal(700, summary.Threads);
        Assert.Equal(700 * 12, summary.Records);

        var report = await temporary.VerifyAsync(await temporary.OpenAsync(), deep: true);
        Assert.Empty(report.Findings);
        Assert.True(report.Ok);
        Assert.Equal(700, report.Threads);

        var target = new DictionaryStore();
        var restored = await TemporaryArchive.RestoreAsync(await temporary.OpenAsync(), target, new() { Archive = "main", Source = "prod", Target = "s" });
        Assert.True(restored.Exact);
        Assert.Equal(store.Digests(), target.Digests());
    }

    [Fact]
    public async Task A_large_thread_has_frames_of_its_own_and_comes_back()
    {
        var archive = temporary.Create();
        var store = Samples.Store(20);
        Samples.AddThread(store, "large", 60, new Random(7), messageBytes: 40_000);
        var summary = await TemporaryArchive.BackupAsync(archive, store);
        Assert.True(summary.StoredBytes * 8 < summary.RawBytes, $"{summary.StoredBytes} of {summary.RawBytes}");
        Assert.True((await temporary.VerifyAsync(archive, deep: true)).Ok);
        var target = new DictionaryStore();
        await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", Source = "prod", Target = "s", Threads = ["large"] });
        Assert.Equal(store.Digests()[UnitId.Thread("large")], target.Digests().Single().Value);
    }

    [Fact]
    public async Task One_thread_of_many_costs_few_reads()
    {
        var archive = temporary.Create();
        var store = Samples.Store(3000);
        await TemporaryArchive.BackupAsync(archive, store);
        var target = new DictionaryStore();
        var thread = store.Units.Keys.ElementAt(1234).Id;
        var report = await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", Source = "prod", Target = "s", Threads = [thread], NewThreadId = "copy" });
        Assert.Equal(store.Digests()[UnitId.Thread(thread)], target.Digests()[UnitId.Thread("copy")]);
        Assert.True(report.BytesRead < 1 << 20, $"{report.BytesRead} bytes");
    }

    [Fact]
    public async Task Conflicts_are_refused_skipped_or_replaced()
    {
        var archive = temporary.Create();
        var store = Samples.Store(10);
        await TemporaryArchive.BackupAsync(archive, store);
        var thread = store.Units.Keys.First();
        var target = Samples.Store(10);
        Samples.AddThread(target, thread.Id, 6, new Random(3)); // goes on after the backup
        Samples.AddThread(target, "other", 2, new Random(4));
        var before = target.Digests();
        RestoreRequest request = new() { Archive = "main", Source = "prod", Target = "s" };

        var refused = await Assert.ThrowsAsync<BackupException>(() => TemporaryArchive.RestoreAsync(archive, target, request));
        Assert.Equal(ErrorKind.Conflict, refused.Kind);
        Assert.Contains(thread.Id, refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, target.Digests());

        var skipped = await TemporaryArchive.RestoreAsync(archive, target, request with { Conflict = ConflictPolicy.Skip });
        Assert.Equal((1, 9, 1), (skipped.Skipped, skipped.Unchanged, skipped.Untouched));
        Assert.Equal(before, target.Digests());

        var replaced = await TemporaryArchive.RestoreAsync(archive, target, request with { Conflict = ConflictPolicy.Overwrite });
        Assert.True(replaced.Exact);
        Assert.Equal(store.Digests()[thread], target.Digests()[thread]);
        Assert.Contains(UnitId.Thread("other"), target.Units.Keys);

        var mirrored = await TemporaryArchive.RestoreAsync(archive, target, request with { Mirror = true });
        Assert.Equal((1, 0), (mirrored.Removed, mirrored.Untouched));
        Assert.Equal(store.Digests(), target.Digests());
    }

    [Fact]
    public async Task A_restore_that_failed_midway_can_be_run_again()
    {
        var archive = temporary.Create();
        var store = Samples.Store(300);
        await TemporaryArchive.BackupAsync(archive, store);
        var left = 1000;
        var target = new DictionaryStore { OnLoad = () => { if (--left == 0) throw new BackupException(ErrorKind.Unreachable, "gone"); } };
        RestoreRequest request = new() { Archive = "main", Source = "prod", Target = "s" };
        await Assert.ThrowsAsync<BackupException>(() => TemporaryArchive.RestoreAsync(archive, target, request));
        target.OnLoad = null;
        // The half-loaded thread is a conflict; everything else is there already or still to come.
        var report = await TemporaryArchive.RestoreAsync(archive, target, request with { Conflict = ConflictPolicy.Overwrite });
        Assert.True(report.Exact);
        Assert.Equal(store.Digests(), target.Digests());
    }

    [Fact]
    public async Task A_plan_changes_nothing_and_tells_the_cost()
    {
        var archive = temporary.Create();
        var store = Samples.Store(50);
        await TemporaryArchive.BackupAsync(archive, store);
        var target = new DictionaryStore();
        var plan = await new Backup.Engine.Restore.RestoreRun(archive, target, new() { Archive = "main", Source = "prod", Target = "s" }, TimeProvider.System).PlanAsync(default);
        Assert.Empty(target.Units);
        Assert.Equal((50, 600, 0), (plan.Threads, plan.Records, plan.Conflicts));
        Assert.True(plan is { BytesToRead: > 0, Reads: > 0 });
    }

    [Fact]
    public async Task A_thread_at_a_checkpoint_has_its_past_and_no_later_decision()
    {
        var archive = temporary.Create();
        var store = Samples.Store(3, steps: 6);
        await TemporaryArchive.BackupAsync(archive, store);
        var thread = store.Units.Keys.First().Id;
        var target = new DictionaryStore();
        RestoreRequest request = new() { Archive = "main", Source = "prod", Target = "s", Threads = [thread], Checkpoint = Samples.Checkpoint(4) };
        await TemporaryArchive.RestoreAsync(archive, target, request);
        var digest = target.Digests()[UnitId.Thread(thread)];
        // Checkpoint 4 has a child, so its own write stays out; those of its ancestors are past.
        Assert.Equal((4, 4, 3), (digest[RecordKind.Checkpoint].Count, digest[RecordKind.ChannelBlob].Count, digest[RecordKind.PendingWrite].Count));

        var stored = new DictionaryStore();
        await TemporaryArchive.RestoreAsync(archive, stored, request with { Writes = CheckpointWrites.Stored });
        Assert.Equal(4, stored.Digests()[UnitId.Thread(thread)][RecordKind.PendingWrite].Count);

        var head = new DictionaryStore();
        await TemporaryArchive.RestoreAsync(archive, head, request with { Checkpoint = Samples.Checkpoint(6) });
        Assert.Equal(store.Digests()[UnitId.Thread(thread)], head.Digests()[UnitId.Thread(thread)]);

        var missing = await Assert.ThrowsAsync<BackupException>(() => TemporaryArchive.RestoreAsync(archive, new DictionaryStore(), request with { Checkpoint = "no" }));
        Assert.Equal(ErrorKind.NotFound, missing.Kind);
    }

    [Fact]
    public async Task A_comparison_names_what_is_missing_changed_and_extra()
    {
        var archive = temporary.Create();
        var store = Samples.Store(5);
        var summary = await TemporaryArchive.BackupAsync(archive, store);
        Assert.True((await temporary.VerifyAsync(archive, false, store, summary.BackupId)).Ok);
        var ids = store.Units.Keys.ToList();
        store.Units.Remove(ids[0]);
        Samples.AddThread(store, ids[1].Id, 5, new Random(9));
        Samples.AddThread(store, "extra", 1, new Random(9));
        var report = await temporary.VerifyAsync(archive, false, store, summary.BackupId);
        Assert.False(report.Ok);
        Assert.Empty(report.Findings);
        Assert.Equal([.. new[] { ids[0].Id, ids[1].Id, "extra" }.Order(StringComparer.Ordinal)], report.Differences.SelectMany(d => d.Threads).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_thread_captured_incomplete_is_found()
    {
        var archive = temporary.Create();
        var store = Samples.Store(4);
        var thread = store.Units.Keys.First();
        store.Units[thread].RemoveAll(r => r.Bytes[0] == (byte)RecordKind.ChannelBlob);
        await TemporaryArchive.BackupAsync(archive, store);
        var report = await temporary.VerifyAsync(archive, deep: true);
        Assert.Equal([thread.Id], Assert.Single(report.Findings).Threads);
    }

    public void Dispose() => temporary.Dispose();
}
