using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Chains;
using Xunit;

namespace Backup.Tests.Unit.Engine;

/// <summary>Random lives of a store with backups of every strategy; each backup must give back what the store held at it.</summary>
public sealed class ChainTests : IDisposable
{
    private readonly TemporaryArchive temporary = new();

    public static TheoryData<int, bool> Lives()
    {
        var data = new TheoryData<int, bool>();
        for (var seed = 1; seed <= 6; seed++) data.Add(seed, seed % 3 == 0);
        return data;
    }

    [Theory]
    [MemberData(nameof(Lives))]
    public async Task Every_backup_of_a_random_life_restores_what_was_there(int seed, bool silent)
    {
        var random = new Random(seed);
        var archive = temporary.Create();
        var store = new TrackedStore { Silent = silent };
        var life = new RandomLife(store, random);
        var expected = new List<(BackupSummary Backup, Dictionary<UnitId, UnitDigest> Content)>();
        for (var round = 0; round < 20; round++)
        {
            for (var i = random.Next(8); i >= 0; i--) life.Step();
            store.Slack = random.Next(4) == 0 ? random.Next(10) : 0;
            var strategy = (BackupStrategyKind)(random.Next(6) switch { 0 => 0, 1 => 2, _ => 1 });
            expected.Add((await TemporaryArchive.BackupAsync(archive, store, strategy: strategy), store.Records.Digests()));
        }
        Assert.Contains(expected, e => e.Backup.BaseId is not null);
        foreach (var (backup, content) in expected)
        {
            var target = new DictionaryStore();
            var report = await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", BackupId = backup.BackupId, Target = "s" });
            Assert.True(report.Exact, $"{backup.BackupId} {backup.Strategy}");
            Assert.Equal(content, target.Digests());
            Assert.Equal((content.Count, content.Values.Sum(d => d.Count)), (backup.Threads, backup.Records));
        }
        // What an increment says it is equals what a full of the same content says.
        var full = await TemporaryArchive.BackupAsync(archive, store);
        Assert.Equal(full.StateRoot, (await TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Incremental)).StateRoot);
        var verified = await temporary.VerifyAsync(archive, deep: true);
        Assert.True(verified.Ok, string.Join("; ", verified.Findings.Select(f => f.Problem)));
    }

    [Fact]
    public async Task A_little_change_is_a_little_backup_and_none_is_next_to_nothing()
    {
        var archive = temporary.Create();
        var store = new TrackedStore();
        var life = new RandomLife(store, new Random(1));
        for (var i = 0; i < 200; i++) life.NewThread(turns: 20);
        var full = await TemporaryArchive.BackupAsync(archive, store);
        life.Turn(store.Records.Units.Keys.First());
        var small = await TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Incremental);
        Assert.Equal(full.BackupId, small.BaseId);
        Assert.True(small.StoredBytes * 50 < full.StoredBytes, $"{small.StoredBytes} of {full.StoredBytes}");
        var none = await TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Incremental);
        Assert.Equal(small.StateRoot, none.StateRoot);
        var stored = Directory.EnumerateFiles(Path.Combine(temporary.Path, "runs", none.BackupId)).Sum(f => new FileInfo(f).Length);
        Assert.True(stored < 4096, $"{stored} bytes");
    }

    [Fact]
    public async Task A_unit_never_has_more_layers_than_reading_it_may_cost()
    {
        var archive = temporary.Create();
        var store = new TrackedStore();
        var life = new RandomLife(store, new Random(2));
        life.NewThread(turns: 3);
        await TemporaryArchive.BackupAsync(archive, store);
        for (var i = 0; i < 3 * IncrementRun.MaxLayers; i++)
        {
            life.Turn(store.Records.Units.Keys.First());
            await TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Incremental);
        }
        var target = new DictionaryStore();
        var report = await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", Source = "prod", Target = "s" });
        Assert.Equal(store.Records.Digests(), target.Digests());
        Assert.True(report.Exact);
    }

    [Fact]
    public async Task The_first_without_a_base_is_a_full_and_says_so()
    {
        var archive = temporary.Create();
        var store = new TrackedStore();
        new RandomLife(store, new Random(3)).NewThread(turns: 1);
        var backup = await TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Differential);
        Assert.Equal(("full", (string?)null), (backup.Strategy, backup.BaseId));
        Assert.Equal([IncrementRun.NothingToBuildOn], backup.Warnings);
    }

    [Fact]
    public async Task Another_store_under_the_same_name_is_refused_and_a_doubtful_one_is_compared()
    {
        var archive = temporary.Create();
        var store = new TrackedStore();
        var life = new RandomLife(store, new Random(4));
        life.NewThread(turns: 3);
        await TemporaryArchive.BackupAsync(archive, store);
        store.Continuity = new(ContinuityKind.Foreign, "systemIdentifier was 1 and is 2");
        var refused = await Assert.ThrowsAsync<BackupException>(() => TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Incremental));
        Assert.Equal(ErrorKind.Conflict, refused.Kind);
        store.Continuity = new(ContinuityKind.Compare, "timeline was 1 and is 2");
        life.Turn(store.Records.Units.Keys.First());
        var compared = await TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Incremental);
        Assert.Contains("timeline was 1 and is 2", Assert.Single(compared.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_threads_gone_make_a_suspect_backup()
    {
        var archive = temporary.Create();
        var store = new TrackedStore();
        var life = new RandomLife(store, new Random(5));
        for (var i = 0; i < 10; i++) life.NewThread(turns: 1);
        await TemporaryArchive.BackupAsync(archive, store);
        foreach (var unit in store.Records.Units.Keys.Take(3).ToList()) store.Delete(unit);
        var backup = await TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Incremental);
        Assert.StartsWith("suspect: 3 of the 10 threads", Assert.Single(backup.Warnings), StringComparison.Ordinal);
        Assert.Equal(7, backup.Threads);
    }

    [Fact]
    public async Task A_missing_base_is_named()
    {
        var archive = temporary.Create();
        var store = new TrackedStore();
        var life = new RandomLife(store, new Random(6));
        life.NewThread(turns: 1);
        var full = await TemporaryArchive.BackupAsync(archive, store);
        life.Turn(store.Records.Units.Keys.First());
        var child = await TemporaryArchive.BackupAsync(archive, store, strategy: BackupStrategyKind.Incremental);
        Directory.Delete(Path.Combine(temporary.Path, "runs", full.BackupId), recursive: true);
        var damage = await Assert.ThrowsAsync<DamageException>(() => TemporaryArchive.RestoreAsync(archive, new DictionaryStore(), new() { Archive = "main", BackupId = child.BackupId, Target = "s" }));
        Assert.Contains(full.BackupId, damage.ObjectName, StringComparison.Ordinal);
    }

    public void Dispose() => temporary.Dispose();
}
