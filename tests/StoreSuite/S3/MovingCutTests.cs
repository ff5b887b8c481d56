using System.Collections.Concurrent;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Units;
using Backup.Tests.StoreSuite.Redis;
using Backup.Tests.StoreSuite.Support;
using Backup.Tests.Unit;

namespace Backup.Tests.StoreSuite.S3;

/// <summary>Threads that change while they are read.</summary>
public sealed class MovingCutTests
{
    private static readonly UnitId Big = UnitId.Thread("big");

    [Theory]
    [InlineData("appended")]
    [InlineData("deleted")]
    [InlineData("made anew")]
    public async Task A_large_thread_that_changes_while_it_is_read_is_as_it_was_or_an_error_and_then_exact(string how)
    {
        await using var store = await new S3UnderTest().SetupAsync();
        await store.WriteAsync(Large());
        var before = await Contents.ReadAsync(store.Source);
        await using var cut = await store.Source.CutAsync(default);
        var sink = new HookedSink(1, async () =>
        {
            if (how == "appended") await store.WriteAsync(new Contents().Put(Big, Support.Samples.Write("c1", -3, "__interrupt__", "\"second\"")));
            else await store.DeleteAsync("big");
            if (how == "made anew") await store.WriteAsync(Large());
        });
        if (how == "appended")
        {
            await cut.CaptureAsync([Big], sink, default);
            Contents.AssertEqual(before, sink.Contents);
        }
        else await WholenessTests.FailsAsync(ErrorKind.Unreachable, "replaced or deleted while it was read", () => cut.CaptureAsync([Big], sink, default));
        var again = new Contents();
        await cut.CaptureAsync([Big], again, default);
        Contents.AssertEqual(await Contents.ReadAsync(store.Source), again);
    }

    [Fact]
    public async Task Backups_and_increments_beside_writers_hold_every_thread_as_it_was_at_some_instant()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await new S3UnderTest().SetupAsync();
        var history = new ConcurrentDictionary<string, ConcurrentDictionary<Digest256, bool>>();
        var seed = int.TryParse(Environment.GetEnvironmentVariable("SEED"), out var given) ? given : Random.Shared.Next();
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 3).Select(w => Task.Run(() => WriteAsync(w))).ToList();
        var backups = new List<BackupSummary>();
        for (var i = 0; i < 4; i++)
        {
            var written = history.Values.Sum(h => h.Count);
            while (history.Values.Sum(h => h.Count) < written + 40 && !writers.Exists(w => w.IsFaulted)) await Task.Yield();
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

        // One writer a thread, so that it knows what the thread is like before and after each call. Its log is made short again and again.
        async Task WriteAsync(int writer)
        {
            using var app = store.Process(4);
            var random = new Random(seed + writer);
            var content = new Dictionary<string, MemoryUnit>();
            while (!stop.IsCancellationRequested)
            {
                var thread = $"{writer}-{random.Next(2)}";
                var known = history.GetOrAdd(thread, _ => []);
                var before = content.GetValueOrDefault(thread, MemoryUnit.Empty);
                if (random.Next(12) == 0)
                {
                    await app.DeleteThreadAsync(thread);
                    content.Remove(thread);
                    continue;
                }
                (string, string?, ReadOnlyMemory<byte>)[] writes = [(random.Next(3) == 0 ? "m" : "__interrupt__", "json", Support.Samples.Utf8($"{random.Next()}"))];
                var (id, task) = ($"c{random.Next(4)}", $"task{random.Next(8)}");
                var after = content[thread] = before.PutWrites("", id, task, "", writes);
                var digest = new UnitDigest();
                foreach (var (key, record) in after.Records) digest.Add(new(record, key.Length));
                known[digest.Content] = true;
                await app.PutWritesAsync(thread, "", id, task, "", writes);
            }
        }
    }

    // Three records of 3 MB, one that is updated in place, and a checkpoint.
    private static Contents Large() => new Contents().Put(Big, Enumerable.Range(0, 3).Select(i => Support.Samples.Blob("m", $"{i}", new string('x', 3 << 20)))
        .Append(Support.Samples.Write("c1", -3, "__interrupt__", "\"first\"")).Append(Support.Samples.Checkpoint("c1")).ToArray());
}
