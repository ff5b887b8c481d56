using Backup.Checkpoints.Model;
using Backup.Checkpoints.S3;
using Backup.Checkpoints.S3.Layouts;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Redis;
using Backup.Tests.StoreSuite.Support;
using Backup.Tests.Unit;

namespace Backup.Tests.StoreSuite.S3;

/// <summary>What is missing is never taken for deleted unless it was deleted.</summary>
public sealed class LossTests
{
    [Fact]
    public async Task A_store_that_is_not_there_or_was_emptied_is_not_found_and_made_anew_it_is_suspect()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await new S3UnderTest().SetupAsync();
        await store.WriteAsync(WholenessTests.Filled());
        var full = await TemporaryArchive.BackupAsync(archive, store.Source);
        await store.Bucket.DeleteAsync(await store.KeysAsync(), default);
        foreach (var strategy in new[] { BackupStrategyKind.Incremental, BackupStrategyKind.Full })
            await WholenessTests.FailsAsync(ErrorKind.NotFound, "has no store at", () => TemporaryArchive.BackupAsync(archive, store.Source, strategy: strategy));
        await WholenessTests.FailsAsync(ErrorKind.NotFound, "has no store at", () => store.WriteAsync(Support.Samples.Thread(new(), "new", 1)));
        // An app has made it anew: everything is compared, and most of it is gone.
        await using var app = await new S3UnderTest(like: store).SetupAsync();
        await app.WriteAsync(Support.Samples.Thread(new(), "new", 1));
        var suspect = await TemporaryArchive.BackupAsync(archive, store.Source, strategy: BackupStrategyKind.Incremental);
        Assert.Contains(suspect.Warnings, w => w.StartsWith("suspect: 10 of the 10 threads", StringComparison.Ordinal));
        Assert.Contains(suspect.Warnings, w => w.Contains("the store was made anew", StringComparison.Ordinal));
        var report = await TemporaryArchive.RestoreAsync(archive, store.Target, new() { Archive = "main", BackupId = full.BackupId, Target = "t" });
        Assert.Equal((10, 1), (report.Threads, report.Untouched));
    }

    [Fact]
    public async Task A_bucket_that_was_set_back_is_an_error_for_what_it_lacks_and_exact_for_the_rest()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await new S3UnderTest().SetupAsync();
        await store.WriteAsync(WholenessTests.Filled());
        var old = new Dictionary<string, byte[]>();
        foreach (var key in await store.KeysAsync()) old[key] = (await store.Bucket.GetAsync(key, default))!;
        var before = await Contents.ReadAsync(store.Source);
        await store.WriteAsync(Support.Samples.Thread(new Contents().Put(UnitId.Thread("3"), Support.Samples.Blob("late", "1", "1")), "late", 1));
        var full = await TemporaryArchive.BackupAsync(archive, store.Source);
        await store.Bucket.DeleteAsync((await store.KeysAsync()).Except(old.Keys), default);
        foreach (var (key, bytes) in old) await store.Bucket.PutAsync(key, bytes, default);
        await WholenessTests.FailsAsync(ErrorKind.Failed, "late is gone, and it was not deleted", () => TemporaryArchive.BackupAsync(archive, store.Source, strategy: BackupStrategyKind.Incremental));
        // Restored it is in the backup again, and what was set back is seen as it is.
        await TemporaryArchive.RestoreAsync(archive, store.Target, new() { Archive = "main", BackupId = full.BackupId, Target = "t", Threads = ["late"] });
        var increment = await TemporaryArchive.BackupAsync(archive, store.Source, strategy: BackupStrategyKind.Incremental);
        Assert.Empty(increment.Warnings);
        await using var target = new MemoryUnderTest();
        await TemporaryArchive.RestoreAsync(archive, target.Target, new() { Archive = "main", BackupId = increment.BackupId, Target = "t" });
        Contents.AssertEqual(Support.Samples.Thread(before, "late", 1), await Contents.ReadAsync(target.Source));
    }

    [Theory]
    [InlineData("store/layout", "its description is gone")]
    [InlineData("heads/threads/5!/", "5 is gone, and it was not deleted")]
    [InlineData("heads/threads/5!/0", "the head of 5 is gone")]
    [InlineData("log/threads/5!/0000000001", "is gone, and its head is there")]
    [InlineData("changed", "does not have the digest it says")]
    [InlineData("other", "an entry of another unit")]
    [InlineData("less", "are not those its head says")]
    public async Task Objects_that_somebody_removed_or_spoiled_are_an_error(string what, string message)
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await new S3UnderTest().SetupAsync();
        await store.WriteAsync(WholenessTests.Filled());
        await store.WriteAsync(new Contents().Put(UnitId.Thread("5"), Support.Samples.Blob("second", "1", "1")));
        await TemporaryArchive.BackupAsync(archive, store.Source);
        // Touched since, so that an increment reads it.
        await store.WriteAsync(new Contents().Put(UnitId.Thread("5"), Support.Samples.Blob("third", "1", "1")));
        var entry = "log/threads/5!/0000000001";
        var bytes = (await store.Bucket.GetAsync(entry, default))!;
        switch (what)
        {
            case "changed": bytes[20] ^= 1; await store.Bucket.PutAsync(entry, bytes, default); break;
            case "other": await store.Bucket.PutAsync(entry, (await store.Bucket.GetAsync("log/threads/6!/0000000001", default))!, default); break;
            case "less": await store.Bucket.PutAsync(entry, new LogEntry { Unit = UnitId.Thread("5"), Anew = true, Records = LogEntry.Read(UnitId.Thread("5"), bytes).Records.Skip(1).ToList() }.Encode(), default); break;
            default: await store.Bucket.DeleteAsync(await store.KeysAsync(what), default); break;
        }
        // Without head and marker there is nothing that a full could miss.
        foreach (var strategy in new[] { BackupStrategyKind.Incremental, BackupStrategyKind.Full }.Take(what == "heads/threads/5!/" ? 1 : 2))
            await WholenessTests.FailsAsync(ErrorKind.Failed, message, () => TemporaryArchive.BackupAsync(archive, store.Source, strategy: strategy));
        Assert.True((await temporary.VerifyAsync(archive, deep: true)).Ok);
    }

    [Fact]
    public async Task Emptied_in_the_middle_of_a_capture_nothing_counts_as_deleted()
    {
        await using var store = await new S3UnderTest().SetupAsync();
        await store.WriteAsync(WholenessTests.Filled());
        await using var cut = await store.Source.CutAsync(default);
        var shards = await cut.PlanAsync(4, default);
        await store.Bucket.DeleteAsync(await store.KeysAsync(), default);
        await WholenessTests.FailsAsync(ErrorKind.Unreachable, "emptied or made anew", async () =>
        {
            foreach (var shard in shards) await cut.CaptureAsync(shard, new Contents(), default);
        });
    }

    [Fact]
    public async Task Access_that_is_refused_and_places_that_are_not_there_say_so()
    {
        await using var store = await new S3UnderTest().SetupAsync();
        foreach (var (options, kind, message) in new[]
        {
            (store.Options with { SecretKey = "wrong" }, ErrorKind.Usage, "SignatureDoesNotMatch"),
            (store.Options with { AccessKey = "nobody" }, ErrorKind.Usage, "refuses access"),
            (store.Options with { Bucket = "no-such-bucket" }, ErrorKind.NotFound, "the bucket no-such-bucket"),
            (store.Options with { Endpoint = new("http://127.0.0.1:1") }, ErrorKind.Unreachable, "cannot reach"),
        })
        {
            await using var wrong = new S3Store(options, new HastyTime());
            await WholenessTests.FailsAsync(kind, message, () => wrong.CutAsync(default));
        }
        await using var closed = new S3Store(store.Options with { Writable = false });
        await WholenessTests.FailsAsync(ErrorKind.Usage, "not writable", async () => await closed.OpenAsync(await store.IntentAsync(), default));
        await store.Bucket.PutAsync(StoreKeys.Layout, Support.Samples.Utf8("""{"kind":"s3","layout":"log","version":2,"id":"x"}"""), default);
        await WholenessTests.FailsAsync(ErrorKind.Usage, "is not of layout log 1", () => store.Source.CutAsync(default));
        Assert.DoesNotContain("secret", $"{store.Options}", StringComparison.Ordinal);
    }
}
