using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Keys;
using Backup.Archive.Logs;
using Backup.Archive.Objects;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Capture;
using Backup.Engine.ChangeLog;
using Backup.Engine.Collection;
using Backup.Engine.Compaction;
using Backup.Engine.Progress;
using Backup.Storage;
using Backup.Storage.Local;
using Backup.Tests.Golden;
using Backup.Tests.Unit.ChangeLog;
using Backup.Tests.Unit.Engine;

// Makes a golden archive: dotnet run --project tests/golden -- FOLDER
// What it holds is always the same; keys and salts are new. Run it only for a new format version: an archive that is checked in stays as it is.
var folder = Path.GetFullPath(args[0]);
if (Directory.Exists(Path.Combine(folder, "archive"))) throw new InvalidOperationException($"{folder} holds a golden archive already");
Directory.CreateDirectory(folder);
var time = new SteppedTime();
var keyFile = KeyFileKey.NewContent();
File.WriteAllText(Path.Combine(folder, "key"), keyFile);
File.WriteAllText(Path.Combine(folder, "passphrase"), "a golden passphrase\n");
var storage = new LocalStorage(Path.Combine(folder, "archive"));
var archive = await OpenedArchive.CreateAsync(storage, KeyFileKey.Parse(keyFile, "key"), time, default);
await archive.Keys.RewrapAsync(storage, new PassphraseKey("a golden passphrase"), removeOthers: false, default);
var expected = new JsonArray();

// Three shards, so an index of its own; a thread of several frames; every kind of record and field.
var store = new DictionaryStore { Shards = 3 }.CopyOf(Samples.Store(40, steps: 3));
Samples.AddThread(store, "large", 60, new Random(5), messageBytes: 900);
Contents.AddOddities(store);
await BackupAsync("prod", store);

// A later state, one shard, sealed by two owners.
store = new DictionaryStore { Shards = 1 }.CopyOf(store);
store.Units.Remove(store.Units.Keys.First());
Samples.AddThread(store, "later", 2, new Random(6));
var (run, manifest) = await BackupAsync("prod", store);
await SealChain.AppendAsync(archive, run, time, manifest, null, default);

// A chain: units that grew, were written anew, came and went; increments, two of them on a differential; what a compaction made of them, and an increment on that.
var tracked = new TrackedStore();
var life = new RandomLife(tracked, new Random(7));
for (var i = 0; i < 30; i++) life.Step();
await BackupAsync("chain", tracked.Records, tracked);
foreach (var strategy in new[] { BackupStrategyKind.Incremental, BackupStrategyKind.Differential, BackupStrategyKind.Incremental, BackupStrategyKind.Incremental, BackupStrategyKind.Incremental })
{
    for (var i = 0; i < 12; i++) life.Step();
    await BackupAsync("chain", tracked.Records, tracked, strategy);
}
var derived = (await CompactAsync()).Concat(await GrowAsync()).ToList();

// A change log: of two owners, with a truncate, values the source left out, a gap, a base before and one behind it.
var logged = new TrackedStore();
var random = new Random(8);
var journal = new Journal(logged, random);
var written = new RandomLife(logged, random);
var moments = new List<Journal.Transaction>();
await using (var log = new RunningLog(archive, journal, "logged", TimeSpan.FromHours(1), levelOf: 0))
{
    Commit(12);
    await log.CatchUpAsync();
    await BackupAsync("logged", logged.Records, logged);
    for (var i = 0; i < 8; i++)
    {
        if (i == 5) journal.Truncate(RecordKind.PendingWrite);
        Commit(4);
        moments.Add(journal.Transactions[^1]);
        if (i % 3 == 1) await log.CatchUpAsync();
        if (i == 3) await log.RestartAsync();
    }
    await log.CatchUpAsync();
    Commit(2);
    journal.Lose("the slot was dropped");
    await log.RestartAsync();
    await log.CatchUpAsync();
    await BackupAsync("logged", logged.Records, logged, BackupStrategyKind.Incremental);
    for (var i = 0; i < 3; i++)
    {
        Commit(3);
        moments.Add(journal.Transactions[^1]);
        await log.CatchUpAsync();
    }
}

var levels = new LogLevels(archive, "logged", 2, time);
while (await TickChain.LoadAsync(archive, "logged", default) is var line && levels.Due(line.Ticks) is { } due) await levels.MergeAsync([.. line.Ticks.Skip(due).Take(2)], default);

// One that was removed on purpose, its objects collected; and a run that never sealed.
var (gone, _) = await BackupAsync("other", Samples.Store(2), expect: false);
await SealChain.AppendAsync(archive, RunId.New(time.GetUtcNow()), time, null, new Removal([gone.Value], "retention"), default);
foreach (var item in await storage.ListAllAsync(ObjectNames.Run(gone), default)) await storage.DeleteAsync(item.Name, default);
await RunLease.ClaimAsync(archive, RunId.New(time.GetUtcNow()), "golden", time, default);

// One that was marked as dead, was sealed too late all the same, and was collected. One that is only marked. And what a dead attempt left in a sealed run.
var (late, _) = await BackupAsync("other", Samples.Store(2), expect: false);
await DeadMarks.PutAsync(archive, late, time.GetUtcNow(), time, default);
await SealChain.AppendAsync(archive, RunId.New(time.GetUtcNow()), time, null, new Removal([late.Value], ArchiveCollection.Reason), default);
foreach (var item in await storage.ListAllAsync(ObjectNames.Run(late), default)) await storage.DeleteAsync(item.Name, default);
var silent = RunId.New(time.GetUtcNow());
await RunLease.ClaimAsync(archive, silent, "golden", time, default);
for (var i = 0; i < 2; i++) await DeadMarks.PutAsync(archive, silent, time.GetUtcNow(), time, default);
await storage.PutAsync(ObjectNames.SegmentOf(ObjectNames.Shard(run, 0, "deadxxxx"), 0), new byte[100], default);

File.WriteAllText(Path.Combine(folder, "expected.json"), new JsonObject
{
    ["archiveId"] = archive.Descriptor.ArchiveId, ["removed"] = new JsonArray(gone.Value, late.Value), ["marked"] = new JsonArray(late.Value, silent.Value), ["derived"] = new JsonArray([.. derived.Select(d => new JsonObject { ["backupId"] = d.BackupId, ["of"] = d.Of, ["strategy"] = d.Strategy })]),
    ["backups"] = expected,
    ["logs"] = new JsonArray(new JsonObject { ["source"] = "logged", ["moments"] = new JsonArray([.. moments.Select(Contents.Describe)]) }),
}.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n");

void Commit(int steps)
{
    for (var i = 0; i < steps; i++) written.Step();
    journal.Commit();
}

// Small increments of what has grown: their merge builds on another backup.
async Task<IReadOnlyList<DerivedBackup>> GrowAsync()
{
    for (var i = 0; i < ChainPolicy.Settled; i++)
    {
        life.Step();
        await BackupAsync("chain", tracked.Records, tracked, BackupStrategyKind.Incremental);
    }
    return await CompactAsync();
}

async Task<IReadOnlyList<DerivedBackup>> CompactAsync()
{
    var progress = new RunProgress(new() { RunId = RunId.New(time.GetUtcNow()).Value, Kind = RunKind.Compaction, Store = "chain", Archive = "golden" }, time);
    return (await new CompactionRun(archive, new() { Source = "chain", Archive = "golden" }, "golden", time).RunAsync(progress, default)).Derived;
}

async Task<(RunId Run, ObjectDigest Manifest)> BackupAsync(string source, DictionaryStore from, ICheckpointSource? through = null, BackupStrategyKind strategy = BackupStrategyKind.Full, bool expect = true)
{
    var progress = new RunProgress(new() { RunId = RunId.New(time.GetUtcNow()).Value, Kind = RunKind.Backup, Store = source, Archive = "golden" }, time);
    var summary = await new BackupRun(archive, through ?? from, new() { Source = source, Archive = "golden", Strategy = strategy }, "golden", 1, time).RunAsync(progress, default);
    if (expect) expected.Add(Contents.Describe(summary, from));
    var seals = await SealChain.LoadAsync(archive, default);
    return (progress.Run, seals.Links[^1].Seal.Manifest!);
}

/// <summary>A clock that starts at a fixed time and goes on a second at each look.</summary>
internal sealed class SteppedTime : TimeProvider
{
    private long seconds;

    public override DateTimeOffset GetUtcNow() =>
        DateTimeOffset.Parse("2026-01-02T03:04:05Z", CultureInfo.InvariantCulture).AddSeconds(Interlocked.Increment(ref seconds));
}
