using Backup.Archive;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Units;
using Xunit;

namespace Backup.Tests.Unit.Engine;

/// <summary>A target that follows a source by what changed since the backup it holds, and gives up nothing but what came from there.</summary>
public sealed class MirrorTests : IAsyncDisposable
{
    private readonly TemporaryArchive temporary = new();
    private readonly MemoryStore target = new(new(1 << 30), TimeProvider.System);
    private readonly TrackedStore source = new();

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public async Task A_target_follows_a_random_life(int seed)
    {
        var random = new Random(seed);
        var archive = temporary.Create();
        var life = new RandomLife(source, random);
        string? held = null;
        for (var round = 0; round < 15; round++)
        {
            for (var i = random.Next(8); i >= 0; i--) life.Step();
            // Sometimes a backup that the target does not get, a new full, or layers merged meanwhile.
            var backup = await TemporaryArchive.BackupAsync(archive, source, strategy: random.Next(10) == 0 ? BackupStrategyKind.Full : BackupStrategyKind.Incremental);
            if (random.Next(6) == 0) await TemporaryArchive.CompactAsync(archive);
            if (random.Next(4) == 0) continue;
            // Or whoever knew what it holds is gone.
            if (random.Next(5) == 0) held = null;
            var report = await TemporaryArchive.RestoreAsync(archive, target, Request(backup, held));
            Assert.True(report.Exact);
            Assert.Equal(source.Records.Digests(), await ReadAsync());
            held = backup.BackupId;
        }
    }

    [Fact]
    public async Task Only_what_changed_is_looked_at()
    {
        var archive = temporary.Create();
        var life = new RandomLife(source, new Random(1));
        for (var i = 0; i < 20; i++) life.NewThread(turns: 3);
        var full = await BackupAndRestoreAsync(archive, null);
        var units = source.Records.Units.Keys.ToList();
        life.Turn(units[3]);
        source.Delete(units[5]);
        var increment = await TemporaryArchive.BackupAsync(archive, source, strategy: BackupStrategyKind.Incremental);
        var report = await TemporaryArchive.RestoreAsync(archive, target, Request(increment, full.BackupId));
        Assert.Equal((1, 0, 1), (report.Threads, report.Unchanged, report.Removed));
        report = await TemporaryArchive.RestoreAsync(archive, target, Request(increment, increment.BackupId));
        Assert.Equal((0, 0, 0), (report.Threads, report.Unchanged, report.Removed));
        report = await TemporaryArchive.RestoreAsync(archive, target, Request(increment, "of another chain"));
        Assert.Equal((19, 19, 0), (report.Threads, report.Unchanged, report.Removed));
        Assert.Equal(source.Records.Digests(), await ReadAsync());
    }

    [Theory]
    [InlineData(false)] // a thread that the backup has too
    [InlineData(true)] // one that it has not
    public async Task What_no_earlier_backup_has_is_never_replaced_or_removed(bool other)
    {
        var archive = temporary.Create();
        var life = new RandomLife(source, new Random(1));
        for (var i = 0; i < 5; i++) life.NewThread(turns: 3);
        await BackupAndRestoreAsync(archive, null);
        var unit = source.Records.Units.Keys.ElementAt(2);
        // Somebody wrote into the target: what the thread lacks there, no backup lacked.
        var records = source.Records.Units[unit].SkipLast(1).ToList();
        await using (var session = await target.OpenAsync(new() { SourceKind = "memory", Layout = "{}", Online = true }, default))
        await using (var loader = await session.OpenLoaderAsync(default))
        {
            await loader.BeginAsync(other ? UnitId.Thread("theirs") : unit, true, default);
            foreach (var (bytes, key) in records) await loader.WriteAsync(new(bytes, key), default);
            await loader.EndAsync(default);
            await loader.CompleteAsync(default);
            await session.CommitAsync(default);
        }
        life.Turn(source.Records.Units.Keys.First());
        var before = await ReadAsync();
        var backup = await TemporaryArchive.BackupAsync(archive, source, strategy: BackupStrategyKind.Incremental);
        var error = await Assert.ThrowsAsync<BackupException>(() => TemporaryArchive.RestoreAsync(archive, target, Request(backup, null)));
        Assert.Equal(ErrorKind.Conflict, error.Kind);
        Assert.Contains($"1 of the threads in 's' are not as any backup of this source has them: '{(other ? "theirs" : unit.Id)}'", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, await ReadAsync());
        // The backups of another source say nothing of this one's threads.
        var theirs = await TemporaryArchive.BackupAsync(archive, source, "others");
        Assert.Equal(ErrorKind.Conflict, (await Assert.ThrowsAsync<BackupException>(() => TemporaryArchive.RestoreAsync(archive, target, Request(theirs, null)))).Kind);
    }

    public async ValueTask DisposeAsync()
    {
        await target.DisposeAsync();
        temporary.Dispose();
    }

    private static RestoreRequest Request(BackupSummary backup, string? since) =>
        new() { Archive = "main", BackupId = backup.BackupId, Target = "s", Mirror = true, Conflict = ConflictPolicy.Earlier, Since = since };

    private async Task<BackupSummary> BackupAndRestoreAsync(OpenedArchive archive, string? since)
    {
        var backup = await TemporaryArchive.BackupAsync(archive, source);
        Assert.True((await TemporaryArchive.RestoreAsync(archive, target, Request(backup, since))).Exact);
        return backup;
    }

    private async Task<Dictionary<UnitId, UnitDigest>> ReadAsync()
    {
        await using var cut = await target.CutAsync(default);
        var units = new List<UnitId>();
        await foreach (var unit in cut.ListAsync(default)) units.Add(unit);
        return await DigestSink.ReadAsync(cut, units, default);
    }
}
