using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Keys;
using Backup.Contracts;
using Backup.Engine.Verify;
using Backup.Storage;
using Backup.Storage.Retrying;
using Backup.Tests.Unit.Engine;
using Microsoft.Extensions.Time.Testing;

namespace Backup.Tests.Unit.Faults;

/// <summary>The storage fails at each of its operations in turn: nothing half is visible, and the same command then succeeds.</summary>
public sealed class FaultTests : IAsyncLifetime
{
    private readonly TemporaryArchive temporary = new();
    private readonly DictionaryStore store = new DictionaryStore { Shards = 2 }.CopyOf(Samples.Store(4, steps: 2));
    private readonly MemoryStorage start = new();

    public async ValueTask InitializeAsync() => await TemporaryArchive.BackupAsync(
        await OpenedArchive.CreateAsync(start, KeyFileKey.Parse(temporary.KeyContent, "key"), TimeProvider.System, default), store, "older");

    [Theory]
    [InlineData(Fault.TornUpload)]
    [InlineData(Fault.FailedCommit)]
    [InlineData(Fault.ErrorAfterSuccess)]
    [InlineData(Fault.LostAnswer)]
    [InlineData(Fault.ReadError)]
    [InlineData(Fault.ShortRead)]
    [InlineData(Fault.ListError)]
    public async Task A_backup_over_a_failing_storage_is_there_whole_or_not_at_all(Fault fault)
    {
        var struck = 0;
        for (var at = 1; ; at++)
        {
            var storage = MemoryStorage.Of(start.Objects);
            var faulting = new FaultingStorage(storage, fault, at);
            var failed = false;
            try
            {
                await TemporaryArchive.BackupAsync(await OpenAsync(faulting), store);
            }
            catch (BackupException)
            {
                failed = true;
            }
            if (!faulting.Struck) break;
            struck++;
            var archive = await OpenAsync(storage);
            var visible = (await BackupCatalog.LoadAsync(archive, default)).Sealed.Count;
            // Only where the last thing written was the seal is the backup there though its command was told otherwise.
            Assert.True(visible == 1 ? failed : visible == 2, $"{fault} at {at}: {visible} backups, failed: {failed}");
            Assert.True((await VerifyAsync(archive)).Ok, $"{fault} at {at}");
            await TemporaryArchive.BackupAsync(archive, store);
            await AssertRestoresAsync(archive, $"{fault} at {at}");
        }
        Assert.True(struck > 5, $"{fault} struck {struck} times only");
    }

    [Theory]
    [InlineData(Fault.TornUpload)]
    [InlineData(Fault.FailedCommit)]
    [InlineData(Fault.LostAnswer)]
    [InlineData(Fault.ReadError)]
    [InlineData(Fault.ListError)]
    public async Task A_backup_over_a_storage_that_comes_back_succeeds_once(Fault fault)
    {
        for (var at = 1; ; at++)
        {
            var storage = MemoryStorage.Of(start.Objects);
            var faulting = new FaultingStorage(storage, fault, at);
            await TemporaryArchive.BackupAsync(await OpenAsync(new RetryingStorage(faulting, new HurriedTime())), store);
            if (!faulting.Struck) break;
            var archive = await OpenAsync(storage);
            Assert.Equal(2, (await BackupCatalog.LoadAsync(archive, default)).Sealed.Count);
            await AssertRestoresAsync(archive, $"{fault} at {at}");
        }
    }

    [Theory]
    [InlineData(Fault.TornUpload)]
    [InlineData(Fault.FailedCommit)]
    [InlineData(Fault.LostAnswer)]
    [InlineData(Fault.ReadError)]
    [InlineData(Fault.ShortRead)]
    [InlineData(Fault.ListError)]
    public async Task A_compaction_over_a_failing_storage_is_there_whole_or_not_at_all(Fault fault)
    {
        var before = await OpenAsync(start);
        var tracked = new TrackedStore();
        var life = new RandomLife(tracked, new Random(1));
        for (var i = 0; i < 5; i++)
        {
            life.NewThread(1);
            await TemporaryArchive.BackupAsync(before, tracked, strategy: BackupStrategyKind.Incremental);
        }
        for (var at = 1; ; at++)
        {
            var storage = MemoryStorage.Of(start.Objects);
            var faulting = new FaultingStorage(storage, fault, at);
            var failed = !await TryAsync(async () => await TemporaryArchive.CompactAsync(await OpenAsync(faulting)));
            if (!faulting.Struck) break;
            var archive = await OpenAsync(storage);
            var derived = (await BackupCatalog.LoadAsync(archive, default)).Derived.Count;
            Assert.True(derived == 1 || (derived == 0 && failed), $"{fault} at {at}: {derived} derived, failed: {failed}");
            Assert.True((await VerifyAsync(archive)).Ok, $"{fault} at {at}");
            await TemporaryArchive.CompactAsync(archive);
            Assert.Single((await BackupCatalog.LoadAsync(archive, default)).Derived);
            var target = new DictionaryStore();
            Assert.True((await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", Source = "prod", Target = "s" })).Exact);
            Assert.Equal(tracked.Records.Digests(), target.Digests());
        }
    }

    [Theory]
    [InlineData(Fault.ReadError)]
    [InlineData(Fault.ShortRead)]
    [InlineData(Fault.ListError)]
    public async Task A_check_and_a_restore_over_a_failing_storage_say_so_and_work_afterwards(Fault fault)
    {
        await TemporaryArchive.BackupAsync(await OpenAsync(start), store);
        for (var at = 1; ; at++)
        {
            var faulting = new FaultingStorage(start, fault, at);
            var told = !await TryAsync(async () => await VerifyAsync(await OpenAsync(faulting)));
            if (!faulting.Struck) break;
            // What cannot be read is an error and no damage; what the storage says ends early is damage, in the report.
            Assert.True(told || fault == Fault.ShortRead, $"{fault} at {at} was not told");
            Assert.True((await VerifyAsync(await OpenAsync(start))).Ok);
        }
        for (var at = 1; ; at++)
        {
            var faulting = new FaultingStorage(start, fault, at);
            var target = new DictionaryStore();
            RestoreRequest request = new() { Archive = "main", Source = "prod", Target = "s" };
            var ok = await TryAsync(async () => await TemporaryArchive.RestoreAsync(await OpenAsync(faulting), target, request));
            if (!faulting.Struck) break;
            Assert.False(ok && !SameAs(target), $"{fault} at {at}: a wrong restore was called done");
            await TemporaryArchive.RestoreAsync(await OpenAsync(start), target, request with { Conflict = ConflictPolicy.Overwrite });
            Assert.True(SameAs(target), $"{fault} at {at}");
        }
    }

    [Fact]
    public async Task A_storage_that_stays_away_is_given_up_after_five_attempts()
    {
        var time = new HurriedTime();
        var away = new RetryingStorage(new FaultingStorage(new FaultingStorage(new FaultingStorage(new FaultingStorage(new FaultingStorage(
            start, Fault.ReadError, 1), Fault.ReadError, 2), Fault.ReadError, 3), Fault.ReadError, 4), Fault.ReadError, 5), time);
        var error = await Assert.ThrowsAsync<BackupException>(async () => await away.ReadAsync("archive", 0, new byte[10], default));
        Assert.Equal(ErrorKind.Unreachable, error.Kind);
        Assert.Equal([0.5, 1, 2, 4], time.Waits.Select(w => w.TotalSeconds));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(6 << 20)] // too large to be sent again
    public async Task A_retried_upload_that_finds_other_bytes_is_a_conflict_and_its_own_are_success(int size)
    {
        var bytes = new byte[size];
        new Random(1).NextBytes(bytes);
        var other = new MemoryStorage();
        other.Objects["a"] = [1, 2, 3];
        await Assert.ThrowsAsync<ObjectExistsException>(async () => await new RetryingStorage(new FaultingStorage(other, Fault.FailedCommit, 1), new HurriedTime()).PutAsync("a", bytes, default));
        Assert.Equal([1, 2, 3], other.Objects["a"]);
        // Without a retry there is nothing to be mistaken about: what is there was not written here.
        await Assert.ThrowsAsync<ObjectExistsException>(async () => await new RetryingStorage(other, new HurriedTime()).PutAsync("a", new byte[] { 1, 2, 3 }, default));

        var own = new MemoryStorage();
        await new RetryingStorage(new FaultingStorage(own, Fault.LostAnswer, 1), new HurriedTime()).PutAsync("a", bytes, default);
        Assert.Equal(bytes, own.Objects["a"]);
        var large = new RetryingStorage(new FaultingStorage(new MemoryStorage(), Fault.FailedCommit, 1), new HurriedTime());
        if (size > 4 << 20) Assert.Equal(ErrorKind.Unreachable, (await Assert.ThrowsAsync<BackupException>(async () => await large.PutAsync("a", bytes, default))).Kind);
        else await large.PutAsync("a", bytes, default);
    }

    [Fact]
    public async Task A_slow_storage_is_waited_for_and_left_when_asked()
    {
        var hurried = new HurriedTime();
        await TemporaryArchive.BackupAsync(await OpenAsync(new SlowStorage(start, TimeSpan.FromSeconds(30), hurried)), store);
        Assert.True(hurried.Waits.Count > 20);
        await AssertRestoresAsync(await OpenAsync(new SlowStorage(start, TimeSpan.FromSeconds(30), hurried)), "slow");

        var standing = new SlowStorage(start, TimeSpan.FromHours(1), new FakeTimeProvider());
        using var stop = new CancellationTokenSource();
        var backup = Task.Run(async () => await new Backup.Engine.Capture.BackupRun((await OpenAsync(start)).Through(standing), store, new() { Source = "prod", Archive = "main" }, "test", 2, TimeProvider.System)
            .RunAsync(TemporaryArchive.Progress(RunKind.Backup), stop.Token));
        await standing.Waits.Task;
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => backup);
        Assert.Equal(2, (await BackupCatalog.LoadAsync(await OpenAsync(start), default)).Sealed.Count);
        Assert.True((await VerifyAsync(await OpenAsync(start))).Ok);
    }

    public ValueTask DisposeAsync()
    {
        temporary.Dispose();
        return default;
    }

    // Each storage here goes its own way from the same start: what was last seen of one says nothing of another.
    private Task<VerifyReport> VerifyAsync(OpenedArchive archive) => new ArchiveVerifier(archive, new LastSeen(Path.Combine(temporary.Folder, Randomness.Token(8))), TimeProvider.System)
        .RunAsync(new() { Archive = "main", Deep = true }, null, TemporaryArchive.Progress(RunKind.Backup), default);

    private static async Task<bool> TryAsync(Func<Task> work)
    {
        try
        {
            await work();
            return true;
        }
        catch (BackupException)
        {
            return false;
        }
    }

    private bool SameAs(DictionaryStore target) => target.Digests().OrderBy(d => d.Key).SequenceEqual(store.Digests().OrderBy(d => d.Key));

    private async Task AssertRestoresAsync(OpenedArchive archive, string when)
    {
        var target = new DictionaryStore();
        Assert.True((await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", Source = "prod", Target = "s" })).Exact, when);
        Assert.True(SameAs(target), when);
    }

    private Task<OpenedArchive> OpenAsync(IBackupStorage storage) => OpenedArchive.OpenAsync(storage, KeyFileKey.Parse(temporary.KeyContent, "key"), 3, default);
}
