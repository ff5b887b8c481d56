using System.Diagnostics;
using System.Globalization;
using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Archive.Keys;
using Backup.Archive.Logs;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Catalog;
using Backup.Engine.Recovery;
using Backup.Engine.Restore;
using Backup.Engine.Verify;
using Backup.Tests.Unit.Engine;

namespace Backup.Tests.Unit.Fuzz;

/// <summary>
/// Changed archives through everything that reads one: refused as damage or read, never a crash, a hang or an allocation beyond
/// 64 MB. FUZZ_INPUTS, SEED and FUZZ_FROM choose how many, which, and where to begin.
/// </summary>
[Collection(nameof(FuzzTests))]
[CollectionDefinition(nameof(FuzzTests), DisableParallelization = true)]
public sealed class FuzzTests : IDisposable
{
    private const long MostAllocated = 64L << 20;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private readonly PlainArchive plain = new();
    private readonly string state = Directory.CreateTempSubdirectory("backup-fuzz-").FullName;
    private readonly SortedDictionary<string, byte[]> intact;
    private string last = "";

    public FuzzTests() => intact = plain.Write("", Depth.Stored, b => b);

    [Fact]
    public async Task The_archive_written_by_the_page_alone_is_read_whole()
    {
        var archive = await OpenAsync(intact);
        var report = await VerifyAsync(archive);
        Assert.Empty(report.Findings);
        Assert.Equal((4, 2), (report.Threads, report.Backups.Count));
        var target = new DictionaryStore();
        Assert.True((await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", Source = "prod", Target = "s" })).Exact);
        Assert.Equal(["thread-1", "thread-3", "ns"], target.Units.Keys.Select(u => u.Id));
        var full = new DictionaryStore();
        Assert.True((await TemporaryArchive.RestoreAsync(archive, full, new() { Archive = "main", BackupId = PlainArchive.Runs[0], Target = "s" })).Exact);
        Assert.Equal(["thread-1", "thread-2", "ns"], full.Units.Keys.Select(u => u.Id));
        var moment = new DictionaryStore();
        Assert.True((await TemporaryArchive.RestoreAsync(archive, moment, Moment)).Exact);
        Assert.Equal(["thread-1", "thread-3"], moment.Units.Keys.Select(u => u.Id)); // the memory was truncated
        Assert.Equal(target.Units[UnitId.Thread(PlainArchive.Thread)].Count, moment.Units[UnitId.Thread(PlainArchive.Thread)].Count); // one came, one went
    }

    [Fact]
    public async Task Changed_archives_are_refused_or_read_and_never_more()
    {
        var seed = Setting("SEED", 20260102);
        var from = Setting("FUZZ_FROM", 0);
        var inputs = Setting("FUZZ_INPUTS", 1500);
        var refused = 0;
        var watch = Stopwatch.StartNew();
        for (var number = from; number < from + inputs; number++)
        {
            var random = new Random(unchecked((int)((seed * 1_000_003) + number)));
            last = "";
            try
            {
                // Off this thread, so that one that hangs can be told.
                if (await Task.Run(() => TryAsync(random)).WaitAsync(Longest)) refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"input {number} of seed {seed} ({last}): {error}\nRun it again with SEED={seed} FUZZ_FROM={number} FUZZ_INPUTS=1.");
            }
        }
        Assert.True(refused > inputs / 2 || inputs < 10, $"only {refused} of {inputs} inputs were refused: the changes do not reach the decoders");
        TestContext.Current.SendDiagnosticMessage($"fuzz: {inputs} inputs of seed {seed}, {refused} refused, {watch.Elapsed.TotalSeconds:F0} s");
    }

    public void Dispose() => Directory.Delete(state, recursive: true);

    private static long Setting(string name, long otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? long.Parse(value, CultureInfo.InvariantCulture) : otherwise;

    private async Task<bool> TryAsync(Random random)
    {
        if (random.Next(20) == 0) return await LastSeenAsync(random);
        var target = PlainArchive.Targets[random.Next(PlainArchive.Targets.Count)];
        var depth = (Depth)random.Next(3);
        last = $"{depth} of {target}";
        var objects = plain.Write(target, depth, bytes => Mutations.Apply(bytes, random,
            json: depth != Depth.Stored && target.TrimEnd('2') is not ("segment" or "index" or "changes" or "changeindex"), compressed: depth == Depth.Content && target is not ("archive" or "wrap")));
        var name = PlainArchive.NameOf(target);
        var changed = !objects[name].AsSpan().SequenceEqual(intact[name]);
        OpenedArchive? archive = null;
        if (!await ReadAsync("open", async () => archive = await OpenAsync(objects))) return true;
        var ok = false;
        await ReadAsync("verify", async () => ok = (await VerifyAsync(archive!)).Ok);
        Assert.False(ok && changed && depth == Depth.Stored, "a change to the stored bytes was not noticed");
        var restored = new DictionaryStore();
        await ReadAsync("restore", () => new RestoreRun(archive!, restored, new() { Archive = "main", Source = "prod", Target = "s" }, TimeProvider.System).RunAsync(TemporaryArchive.Progress(RunKind.Restore), default));
        await ReadAsync("one checkpoint", () => TemporaryArchive.RestoreAsync(archive!, new DictionaryStore(),
            new() { Archive = "main", Source = "prod", Target = "s", Threads = [PlainArchive.Thread], Checkpoint = Samples.Checkpoint(2) }));
        await ReadAsync("browse", async () =>
        {
            var catalog = await BackupCatalog.LoadAsync(archive!, default);
            foreach (var link in catalog.Sealed) Summaries.Of(await catalog.ReadManifestAsync(link, default));
            var browser = new ThreadBrowser(archive!, await BackupChain.LoadAsync(catalog, await catalog.LatestAsync("prod", default), default));
            await foreach (var _ in browser.ListAsync(default)) { }
            await browser.HistoryAsync(PlainArchive.Thread, default);
        });
        var threads = new ThreadQueries(new OneArchive(archive!), new LastSeen(Path.Combine(state, "none")), TimeProvider.System);
        await ReadAsync("history", () => threads.HistoryAsync("main", "prod", PlainArchive.Thread, default));
        await ReadAsync("state", () => threads.StateAsync(new() { Archive = "main", Source = "prod", Thread = PlainArchive.Thread }, default));
        await ReadAsync("difference", () => threads.DifferenceAsync(new() { Archive = "main", Source = "prod", Thread = PlainArchive.Thread, From = Samples.Checkpoint(1) }, default));
        await ReadAsync("moment", () => TemporaryArchive.RestoreAsync(archive!, new DictionaryStore(), Moment));
        await ReadAsync("results", () => ShardResults.ListAsync(archive!, new(PlainArchive.Runs[target.EndsWith('2') ? 1 : 0]), "cut", default));
        await ReadAsync("claim", () => RunLease.ClaimAsync(archive!, new(PlainArchive.Runs[^1]), "fuzz", TimeProvider.System, default));
        return !ok;
    }

    // The record of what was last seen lies outside the archive; whoever changes it must not get further than an error.
    private async Task<bool> LastSeenAsync(Random random)
    {
        last = "last seen";
        var archive = await OpenAsync(intact);
        var chain = await SealChain.LoadAsync(archive, default);
        var path = Path.Combine(state, archive.Descriptor.ArchiveId);
        var logs = new Dictionary<string, TickChain> { ["prod"] = await TickChain.LoadAsync(archive, "prod", default) };
        new LastSeen(state).Remember(archive, chain, logs);
        var text = await File.ReadAllBytesAsync(path);
        text = random.Next(2) == 0 ? Mutations.Apply(text, random, json: false, compressed: false) : Format.Secrets.WriteChecked(Mutations.Apply(text[..^66], random, json: true, compressed: false));
        await File.WriteAllBytesAsync(path, text);
        var ok = false;
        await ReadAsync("last seen", () =>
        {
            ok = new LastSeen(state).Check(archive, chain).Count + new LastSeen(state).Check(archive, logs).Count == 0;
            return Task.CompletedTask;
        });
        File.Delete(path);
        return !ok;
    }

    private static RestoreRequest Moment => new() { Archive = "main", Source = "prod", Target = "s", At = $"0/{PlainArchive.LastCommit:X}" };

    private async Task<bool> ReadAsync(string what, Func<Task> read)
    {
        last = $"{last.Split(';')[0]}; {what}";
        var before = GC.GetTotalAllocatedBytes(precise: false);
        try
        {
            await read();
            return true;
        }
        catch (BackupException)
        {
            return false;
        }
        finally
        {
            var allocated = GC.GetTotalAllocatedBytes(precise: false) - before;
            Assert.True(allocated < MostAllocated, $"{allocated >> 20} MB were allocated by {what}");
        }
    }

    private static Task<OpenedArchive> OpenAsync(SortedDictionary<string, byte[]> objects) =>
        OpenedArchive.OpenAsync(MemoryStorage.Of(objects), KeyFileKey.Parse(PlainArchive.KeyFile, "key"), 3, default);

    private Task<VerifyReport> VerifyAsync(OpenedArchive archive) => new ArchiveVerifier(archive, new LastSeen(Path.Combine(state, "none")), TimeProvider.System)
        .RunAsync(new() { Archive = "main", Deep = true }, null, TemporaryArchive.Progress(RunKind.Backup), default);
}
