using System.Collections.Concurrent;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Units;
using Backup.Tests.StoreSuite.Support;
using Backup.Tests.Unit;
using Microsoft.Extensions.Time.Testing;

namespace Backup.Tests.StoreSuite.Redis;

/// <summary>Threads that change while they are read.</summary>
public sealed class MovingCutTests
{
    private static readonly UnitId Big = UnitId.Thread("big");

    [Fact]
    public async Task A_large_thread_that_changes_while_it_is_read_is_captured_as_it_is_afterwards()
    {
        await using var store = await new RedisUnderTest().SetupAsync();
        await store.WriteAsync(Large());
        await using var cut = await store.Source.CutAsync(default);
        var sink = new HookedSink(3, async () =>
        {
            await store.App.PutWritesAsync("big", "", "c1", "task", "", [("__interrupt__", "json", Support.Samples.Utf8("\"other\""))]);
            await store.WriteAsync(new Contents().Put(Big, Support.Samples.Blob("late", "1", new string('l', 2 << 20)), Support.Samples.Write("c9", 0, "m", "1")));
        });
        await cut.CaptureAsync([Big], sink, default);
        var now = await Contents.ReadAsync(store.Source);
        Contents.AssertEqual(now, sink.Contents);
        Assert.Equal(44, now.Records(Big).Count());
    }

    [Theory]
    [InlineData("deleted")]
    [InlineData("made anew")]
    [InlineData("rewritten")]
    public async Task One_that_is_replaced_under_the_reader_is_an_error_and_the_next_capture_is_exact(string how)
    {
        await using var store = await new RedisUnderTest().SetupAsync();
        await store.WriteAsync(Large());
        await using var cut = await store.Source.CutAsync(default);
        var hooked = new HookedSink(40, async () =>
        {
            if (how != "rewritten") await store.DeleteAsync("big");
            if (how == "made anew") await store.WriteAsync(Large());
            if (how == "rewritten") await store.WriteAsync(new Contents().Put(Big, Enumerable.Range(0, 40).Select(i => Support.Samples.Blob("m", $"{i}", "other")).ToArray()));
        });
        var error = await Assert.ThrowsAsync<BackupException>(() => cut.CaptureAsync([Big], hooked, default));
        Assert.Equal((ErrorKind.Unreachable, true), (error.Kind, error.Message.Contains("while it was read", StringComparison.Ordinal)));
        var again = new Contents();
        await cut.CaptureAsync([Big], again, default);
        Contents.AssertEqual(await Contents.ReadAsync(store.Source), again);
    }

    [Fact]
    public async Task Captures_take_as_long_as_their_bytes_are_allowed_to()
    {
        await using var store = await new RedisUnderTest().SetupAsync();
        var contents = Support.Samples.Thread(Large(), "small", 3);
        await store.WriteAsync(contents);
        var time = new FakeTimeProvider();
        await using var slow = new RedisStore(store.Options with { ReadLimit = new(1_000_000, time) });
        var reading = Contents.ReadAsync(slow);
        var started = time.GetTimestamp();
        while (!reading.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(5));
            await Task.Yield();
        }
        Contents.AssertEqual(contents, await reading);
        Assert.InRange(time.GetElapsedTime(started), TimeSpan.FromSeconds(2.5), TimeSpan.MaxValue); // 40 × 64 kB
    }

    [Fact]
    public async Task A_thread_that_moves_between_the_two_passes_of_an_increment_is_not_reported_by_the_second()
    {
        await using var store = await new RedisUnderTest().SetupAsync();
        await store.WriteAsync(Support.Samples.Thread(Support.Samples.Thread(new(), "still", 3), "moves", 3));
        EarlierCut earlier;
        await using (var first = await store.Source.CutAsync(default)) earlier = new(first.Description.Identity, null, first.Description.Layout);
        UnitId[] units = [UnitId.Thread("still"), UnitId.Thread("moves")];
        foreach (var unit in units) await store.WriteAsync(new Contents().Put(unit, Support.Samples.Write("c00003", 5, "m", "1")));
        await using var cut = await store.Source.CutAsync(default);
        Assert.Equal(ContinuityKind.GoesOn, cut.Changes!.ContinuityWith(earlier).Kind);
        var digests = await cut.Changes.DigestUntouchedKeysAsync(earlier, units, default);
        Assert.All(units, u => Assert.Equal(12, digests[u].Count));
        // In place: an old record is touched now.
        await store.App.PutWritesAsync("moves", "", "c00001", "task", "", [("__interrupt__", "json", Support.Samples.Utf8("2"))]);
        var touched = new Contents();
        await cut.Changes.CaptureTouchedAsync(earlier, units, touched, default);
        Contents.AssertEqual(new Contents().Put(units[0], Support.Samples.Write("c00003", 5, "m", "1")), touched);
    }

    [Fact]
    public async Task Backups_and_increments_beside_writers_hold_every_thread_as_it_was_at_some_instant()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await new RedisUnderTest().SetupAsync();
        var history = new ConcurrentDictionary<string, ConcurrentDictionary<Digest256, bool>>();
        var seed = int.TryParse(Environment.GetEnvironmentVariable("SEED"), out var given) ? given : Random.Shared.Next();
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 3).Select(w => Task.Run(() => WriteAsync(w))).ToList();
        var backups = new List<BackupSummary>();
        for (var i = 0; i < 6; i++)
        {
            var written = history.Values.Sum(h => h.Count);
            while (history.Values.Sum(h => h.Count) < written + 60) await Task.Yield();
            backups.Add(await TemporaryArchive.BackupAsync(archive, store.Source, strategy: i == 0 ? BackupStrategyKind.Full : BackupStrategyKind.Incremental));
        }
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        backups.Add(await TemporaryArchive.BackupAsync(archive, store.Source, strategy: BackupStrategyKind.Incremental));
        foreach (var backup in backups)
        {
            await using var target = new MemoryUnderTest();
            await TemporaryArchive.RestoreAsync(archive, target.Target, new() { Archive = "main", BackupId = backup.BackupId, Target = "t" });
            await using var cut = await target.Source.CutAsync(default);
            var held = await Contents.ReadAsync(cut);
            foreach (var (unit, digest) in await DigestSink.ReadAsync(cut, [.. held.Units], default))
                Assert.True(history[unit.Id].ContainsKey(digest.Content), $"seed {seed}: {unit} in {backup.BackupId} was never like that");
            if (backup == backups[^1]) Contents.AssertEqual(await Contents.ReadAsync(store.Source), held, $"seed {seed}");
        }
        Assert.True((await temporary.VerifyAsync(archive, deep: true)).Ok);

        // One writer a thread, so that it knows what the thread is like before and after each call.
        async Task WriteAsync(int writer)
        {
            var random = new Random(seed + writer);
            var content = new Dictionary<string, MemoryUnit>();
            while (!stop.IsCancellationRequested)
            {
                var thread = $"{writer}-{random.Next(6)}";
                var known = history.GetOrAdd(thread, _ => []);
                var before = content.GetValueOrDefault(thread, MemoryUnit.Empty);
                if (random.Next(12) == 0)
                {
                    await store.App.DeleteThreadAsync(thread);
                    content.Remove(thread);
                    continue;
                }
                (string, string?, ReadOnlyMemory<byte>)[] writes = [(random.Next(3) == 0 ? "m" : "__interrupt__", "json", Support.Samples.Utf8($"{random.Next()}"))];
                var (id, task) = ($"c{random.Next(4)}", $"task{random.Next(8)}");
                var after = content[thread] = before.PutWrites("", id, task, "", writes);
                var digest = new UnitDigest();
                foreach (var (key, record) in after.Records) digest.Add(new(record, key.Length));
                known[digest.Content] = true;
                await store.App.PutWritesAsync(thread, "", id, task, "", writes);
            }
        }
    }

    // Forty records of 64 kB, one of which is updated in place, and a checkpoint.
    private static Contents Large() => new Contents().Put(Big, Enumerable.Range(0, 40).Select(i => Support.Samples.Blob("m", $"{i}", new string('x', 64 << 10)))
        .Append(Support.Samples.Write("c1", -3, "__interrupt__", "\"first\"")).Append(Support.Samples.Checkpoint("c1")).ToArray());
}
