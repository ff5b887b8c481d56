using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Archive.Keys;
using Backup.Archive.Objects;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Capture;
using Backup.Engine.Catalog;
using Backup.Engine.Compaction;
using Backup.Tests.Unit.Engine;
using Xunit;

namespace Backup.Tests.Unit.Compaction;

/// <summary>Lives of a store with hundreds of increments and compactions among them: every point stays what it was, and is read through few layers.</summary>
public sealed class CompactionTests : IDisposable
{
    private readonly TemporaryArchive temporary = new();
    private readonly MemoryStorage storage = new();
    private readonly TrackedStore store = new();
    private readonly List<(BackupSummary Backup, Dictionary<UnitId, UnitDigest> Content)> expected = [];

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task Every_point_restores_what_was_there_through_few_layers(int seed, bool fat)
    {
        var (archive, random) = (await CreateAsync(), new Random(seed));
        var life = new RandomLife(store, random);
        for (var i = 0; i < (fat ? 400 : 20); i++) life.Step();
        await BackupAsync(archive, BackupStrategyKind.Full);
        CompactReport? last = null;
        while (expected.Count < (fat ? 60 : 200))
        {
            for (var i = random.Next(1, 9); i > 0; i--)
            {
                for (var step = random.Next(4); step > 0; step--) life.Step();
                await BackupAsync(archive, random.Next(30) == 0 ? BackupStrategyKind.Differential : BackupStrategyKind.Incremental);
                await AssertLayersAsync(archive, ChainPolicy.Most, expected[^1].Backup.BackupId);
            }
            last = await TemporaryArchive.CompactAsync(archive);
            Assert.InRange(last.LayersAfter, 1, ChainPolicy.Settled);
            await AssertLayersAsync(archive, ChainPolicy.Settled, expected[^1].Backup.BackupId);
        }
        await AssertLayersAsync(archive, ChainPolicy.Most, [.. expected.Select(e => e.Backup.BackupId)]);
        await AssertRestoresAsync(archive);
        var catalog = await BackupCatalog.LoadAsync(archive, default);
        Assert.Contains(catalog.Derived, d => d.Seal.Supersedes!.Layers == 1);
        Assert.Contains(catalog.Derived, d => d.Seal.Supersedes!.Layers > 1);
        Assert.Empty(catalog.PassedOver);
        Assert.Equal(expected.Count, catalog.Sealed.Count);
        var verified = await temporary.VerifyAsync(archive, deep: true);
        Assert.True(verified.Ok, string.Join("; ", verified.Findings.Select(f => $"{f.Object}: {f.Problem}")));
        Assert.Equal((expected.Count, catalog.Derived.Count), (verified.Backups.Count, verified.Derived.Count));
    }

    [Fact]
    public async Task A_chain_that_was_left_alone_for_long_is_settled_point_by_point()
    {
        var (archive, random) = (await CreateAsync(), new Random(3));
        var life = new RandomLife(store, random);
        for (var i = 0; i < 300; i++) life.Step();
        await BackupAsync(archive, BackupStrategyKind.Full);
        for (var i = 0; i < 90; i++)
        {
            if (i % 3 > 0) life.Step();
            await BackupAsync(archive, BackupStrategyKind.Incremental);
        }
        var before = storage.Objects.Keys.ToList();
        var planned = await TemporaryArchive.CompactAsync(archive, dryRun: true);
        Assert.Equal(before, storage.Objects.Keys);
        var done = await TemporaryArchive.CompactAsync(archive);
        Assert.Equal((91, 91), (planned.LayersBefore, done.LayersBefore));
        Assert.Equal(done.Derived[0].Inputs, planned.Derived[0].Inputs);
        Assert.All(planned.Derived, d => Assert.Null(d.BackupId));
        Assert.InRange(done.LayersAfter, 1, ChainPolicy.Settled);
        await AssertLayersAsync(archive, ChainPolicy.Most, [.. expected.Select(e => e.Backup.BackupId)]);
        await AssertRestoresAsync(archive);
        Assert.Empty((await TemporaryArchive.CompactAsync(archive)).Derived);
    }

    [Fact]
    public async Task Derived_backups_are_no_points_and_no_bases()
    {
        var archive = await CompactedAsync(4);
        var catalog = await BackupCatalog.LoadAsync(archive, default);
        var derived = catalog.Derived[^1].Seal;
        var queries = new ArchiveQueries(new OneArchive(archive), null!, temporary.LastSeen, TimeProvider.System);
        Assert.DoesNotContain(derived.Run, (await queries.ListAsync("main", "prod", default)).Select(b => b.BackupId));
        Assert.Equal(derived.Supersedes!.BackupId, (await catalog.LatestAsync("prod", default)).BackupId);
        Assert.Equal(derived.Supersedes.BackupId, (await queries.ShowAsync("main", derived.Run, default)).Supersedes);
        Assert.Equal(derived.Supersedes.BackupId, (await TemporaryArchive.RestoreAsync(archive, new DictionaryStore(), new() { Archive = "main", Source = "prod", Target = "s" })).BackupId);
        await BackupAsync(archive, BackupStrategyKind.Incremental);
        Assert.Equal(derived.Supersedes.BackupId, expected[^1].Backup.BaseId);
        var manifest = await catalog.ReadManifestAsync(catalog.Derived[^1], default);
        Assert.Equal(derived.Supersedes.BackupId, manifest.Derived!.BackupId);
        Assert.NotEmpty(manifest.Derived.Inputs);
    }

    [Fact]
    public async Task What_was_taken_for_unchanged_is_counted_through_derived_backups()
    {
        var archive = await CompactedAsync(5);
        var catalog = await BackupCatalog.LoadAsync(archive, default);
        for (var at = await catalog.LatestAsync("prod", default); at.Base is { } named; at = await catalog.ReadManifestAsync(catalog.Captured(named.BackupId)!, default))
        {
            var own = 0;
            for (var member = at; !member.Compared; member = await catalog.ReadManifestAsync(catalog.Captured(member.Base!.BackupId)!, default)) own++;
            Assert.Equal(own, (await BackupChain.LoadAsync(catalog, at, default)).Unchecked);
        }
        Assert.True((await BackupChain.LoadAsync(catalog, await catalog.LatestAsync("prod", default), default)).Unchecked > 10);
    }

    [Fact]
    public async Task A_derived_backup_that_is_damaged_or_gone_is_passed_over_and_said()
    {
        var whole = await CompactedAsync(6);
        var derived = (await BackupCatalog.LoadAsync(whole, default)).Derived[^1].Seal;
        var content = expected[^1].Content;
        foreach (var (name, bytes) in storage.Objects.Where(o => o.Key.StartsWith(ObjectNames.Run(new(derived.Run)), StringComparison.Ordinal) && !o.Key.Contains("/lease-", StringComparison.Ordinal)).ToList())
        {
            foreach (var damaged in new[] { storage.With(name, null), storage.With(name, bytes[..^30]), storage.With(name, [.. bytes[..^30], (byte)(bytes[^30] ^ 1), .. bytes[^29..]]) })
            {
                var archive = await OpenAsync(damaged);
                var target = new DictionaryStore();
                var report = await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", Source = "prod", Target = "s" });
                Assert.Equal(content, target.Digests());
                var needed = name.EndsWith(".seg", StringComparison.Ordinal) || name.EndsWith(".idx", StringComparison.Ordinal) || ObjectNames.IsManifest(name);
                Assert.Equal(needed ? 1 : 0, report.Warnings.Count);
                var next = await TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Incremental);
                Assert.Equal(expected[^1].Backup.StateRoot, next.StateRoot);
                Assert.Equal(expected[^1].Backup.BackupId, next.BaseId);
                var findings = (await temporary.VerifyAsync(archive, deep: true)).Findings;
                Assert.Contains(findings, f => f.Object == name);
                Assert.All(findings, f => Assert.Equal(0, f.ThreadCount));
                Assert.InRange((await TemporaryArchive.CompactAsync(archive)).LayersAfter, 1, ChainPolicy.Settled);
            }
        }
    }

    [Fact]
    public async Task A_derived_backup_that_says_it_is_another_is_not_read()
    {
        var archive = await CompactedAsync(7);
        var catalog = await BackupCatalog.LoadAsync(archive, default);
        var (older, newest) = (expected[3].Backup.BackupId, expected[^1]);
        // Sealed by a holder of the key, in the place of another state.
        await SealChain.AppendAsync(archive, RunId.New(TimeProvider.System.GetUtcNow()), TimeProvider.System, catalog.Derived[^1].Seal.Manifest, null, default, new(older, 1));
        var target = new DictionaryStore();
        await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", BackupId = older, Target = "s" });
        Assert.Equal(expected[3].Content, target.Digests());
        Assert.NotEmpty((await temporary.VerifyAsync(archive, deep: false)).Findings);
        Assert.NotEqual(newest.Content, expected[3].Content);
    }

    [Fact]
    public async Task The_original_may_be_lost_where_what_supersedes_it_is_there()
    {
        var archive = await CompactedAsync(8);
        var catalog = await BackupCatalog.LoadAsync(archive, default);
        var newest = await catalog.LatestAsync("prod", default);
        foreach (var input in (await catalog.ReadManifestAsync(catalog.Derived[^1], default)).Derived!.Inputs)
            foreach (var name in storage.Objects.Keys.Where(k => k.StartsWith(ObjectNames.Run(new(input)), StringComparison.Ordinal) && !(input == newest.BackupId && ObjectNames.IsManifest(k))).ToList()) storage.Objects.Remove(name);
        var target = new DictionaryStore();
        await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", BackupId = newest.BackupId, Target = "s" });
        Assert.Equal(expected[^1].Content, target.Digests());
    }

    public void Dispose() => temporary.Dispose();

    private async Task<OpenedArchive> CompactedAsync(int seed)
    {
        var archive = await CreateAsync();
        var life = new RandomLife(store, new Random(seed));
        for (var i = 0; i < 60; i++) life.Step();
        await BackupAsync(archive, BackupStrategyKind.Full);
        for (var i = 0; i < 20; i++)
        {
            life.Step();
            await BackupAsync(archive, BackupStrategyKind.Incremental);
            if (i is 9 or 19) Assert.NotEmpty((await TemporaryArchive.CompactAsync(archive)).Derived);
        }
        return archive;
    }

    private Task<OpenedArchive> CreateAsync() => OpenedArchive.CreateAsync(storage, KeyFileKey.Parse(temporary.KeyContent, "key"), TimeProvider.System, default);

    private Task<OpenedArchive> OpenAsync(MemoryStorage from) => OpenedArchive.OpenAsync(from, KeyFileKey.Parse(temporary.KeyContent, "key"), 3, default);

    private async Task BackupAsync(OpenedArchive archive, BackupStrategyKind strategy) =>
        expected.Add((await TemporaryArchive.BackupAsync(archive, store, strategy: strategy), store.Records.Digests()));

    private static async Task AssertLayersAsync(OpenedArchive archive, int most, params IReadOnlyList<string> backups)
    {
        var catalog = await BackupCatalog.LoadAsync(archive, default);
        foreach (var backup in backups)
            Assert.InRange((await BackupChain.LoadAsync(catalog, await catalog.ReadManifestAsync(catalog.Find(backup), default), default)).Members.Count, 1, most);
    }

    private async Task AssertRestoresAsync(OpenedArchive archive)
    {
        foreach (var (backup, content) in expected)
        {
            var target = new DictionaryStore();
            var report = await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", BackupId = backup.BackupId, Target = "s" });
            Assert.True(report.Exact, backup.BackupId);
            Assert.Empty(report.Warnings);
            Assert.Equal(content, target.Digests());
        }
    }
}
