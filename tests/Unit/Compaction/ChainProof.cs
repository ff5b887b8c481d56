using System.Diagnostics;
using System.Globalization;
using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Archive.Keys;
using Backup.Archive.Objects;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Compaction;
using Backup.Storage;
using Backup.Tests.Unit.Engine;
using Xunit;

namespace Backup.Tests.Unit.Compaction;

/// <summary>
/// CHAIN_INCREMENTS increments (10,000 in tests/proofs/chain.sh) of a store that lives on, a compaction after every eight. Then the newest
/// point, and random ones, are restored: what they give, through how many layers, and how long the newest takes beside a full of the same state.
/// </summary>
public sealed class ChainProof : IDisposable
{
    private readonly TemporaryArchive temporary = new();

    [Fact]
    public async Task A_restore_after_many_increments_reads_few_layers()
    {
        var (increments, seed) = (Setting("CHAIN_INCREMENTS", 24), Setting("SEED", 1));
        var random = new Random(seed);
        var watch = Stopwatch.StartNew();
        var storage = new SplitStorage();
        var archive = await OpenedArchive.CreateAsync(storage, Key, TimeProvider.System, default);
        var store = new TrackedStore();
        var life = new RandomLife(store, random);
        for (var i = 0; i < (increments > 1000 ? 600 : 20); i++) life.NewThread(turns: increments > 1000 ? 12 : 2);
        var backups = 0;
        var kept = new List<(string Id, Dictionary<UnitId, UnitDigest> Content)>();
        await BackupAsync(BackupStrategyKind.Full);
        long rewritten = 0;
        var (most, compactions) = (0, 0);
        for (var i = 1; i <= increments; i++)
        {
            life.Step();
            await BackupAsync(BackupStrategyKind.Incremental);
            if (i % 8 > 0) continue;
            var report = await TemporaryArchive.CompactAsync(archive);
            most = Math.Max(most, report.LayersBefore);
            rewritten += report.BytesWritten;
            compactions += report.Derived.Count;
            Assert.InRange(report.LayersAfter, 1, ChainPolicy.Settled);
            if (i % 1000 == 0) Say($"{i} increments, {watch.Elapsed.TotalSeconds:F0} s");
        }
        Say($"seed {seed}: {increments} increments and {compactions} merges in {watch.Elapsed.TotalSeconds:F0} s, {storage.Objects} objects, {storage.Bytes / 1e6:F1} MB, {rewritten / 1e6:F1} MB of them merges; most layers before a compaction: {most}");
        Assert.InRange(most, 1, ChainPolicy.Most);

        foreach (var (id, content) in kept.OrderBy(_ => random.Next()).Take(30).Append(kept[^1]).ToList())
        {
            var catalog = await BackupCatalog.LoadAsync(archive, default);
            var chain = await BackupChain.LoadAsync(catalog, await catalog.ReadManifestAsync(catalog.Find(id), default), default);
            storage.Read.Clear();
            Assert.Equal(content, (await RestoreAsync(storage, id)).Digests());
            var read = storage.Read.Where(n => n.StartsWith(ObjectNames.Runs, StringComparison.Ordinal)).ToList();
            Say($"{id}: {chain.Members.Count} layers, {read.Count(n => n.EndsWith(".seg", StringComparison.Ordinal))} segments and {read.Count(n => n.EndsWith(".idx", StringComparison.Ordinal))} indexes read");
            Assert.InRange(chain.Members.Count, 1, ChainPolicy.Most);
        }

        // The same state as a full: behind as many seals, and in an archive of its own.
        var newest = kept[^1].Id;
        var beside = (await TemporaryArchive.BackupAsync(archive, store)).BackupId;
        var own = new SplitStorage();
        var alone = (await TemporaryArchive.BackupAsync(await OpenedArchive.CreateAsync(own, Key, TimeProvider.System, default), store)).BackupId;
        var times = new[] { new List<double>(), [], [] };
        for (var round = 0; round < (increments > 1000 ? 15 : 1); round++)
            foreach (var (at, from, id) in new[] { (0, storage, newest), (1, storage, beside), (2, own, alone) })
            {
                var started = Stopwatch.GetTimestamp();
                await RestoreAsync(from, id);
                times[at].Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        var medians = times.Select(t => t.Order().ElementAt(t.Count / 2)).ToList();
        Say($"restore of {kept[^1].Content.Count} threads, archive opened anew, medians: chain {medians[0]:F0} ms, full beside it {medians[1]:F0} ms (ratio {medians[0] / medians[1]:F2}), full in an archive of its own {medians[2]:F0} ms (ratio {medians[0] / medians[2]:F2})");

        async Task BackupAsync(BackupStrategyKind strategy)
        {
            var backup = await TemporaryArchive.BackupAsync(archive, store, strategy: strategy);
            backups++;
            if (random.Next(increments) < 100 || backups > increments) kept.Add((backup.BackupId, store.Records.Digests()));
        }
    }

    public void Dispose() => temporary.Dispose();

    private KeyFileKey Key => KeyFileKey.Parse(temporary.KeyContent, "key");

    private async Task<DictionaryStore> RestoreAsync(IBackupStorage storage, string id)
    {
        var target = new DictionaryStore();
        var report = await TemporaryArchive.RestoreAsync(await OpenedArchive.OpenAsync(storage, Key, 3, default), target, new() { Archive = "main", BackupId = id, Target = "s" });
        Assert.True(report.Exact, id);
        return target;
    }

    private static int Setting(string name, int otherwise) => long.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? (int)(value & int.MaxValue) : otherwise;

    private static void Say(string line) => TestContext.Current.SendDiagnosticMessage($"chain: {line}");
}
