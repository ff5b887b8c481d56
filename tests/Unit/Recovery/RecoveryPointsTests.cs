using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Recovery;
using Backup.Tests.Unit.Engine;
using Xunit;

namespace Backup.Tests.Unit.Recovery;

/// <summary>Which backup a point means, and which points mean none.</summary>
public sealed class RecoveryPointsTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
    private readonly TemporaryArchive temporary = new();
    private readonly OpenedArchive archive;
    private readonly List<string> backups = [];

    public RecoveryPointsTests() => archive = temporary.Create();

    [Fact]
    public async Task A_time_is_the_newest_backup_cut_at_or_before_it()
    {
        foreach (var minute in new[] { 0, 10, 20 }) await BackupAsync(minute, "0/10");
        await BackupAsync(15, "0/10", source: "other");
        Assert.Equal(backups[0], await FindAsync("2026-11-24T12:00:00Z"));
        Assert.Equal(backups[0], await FindAsync("2026-11-24T12:09:59.9999999Z"));
        Assert.Equal(backups[1], await FindAsync("2026-11-24T13:10:00+01:00"));
        Assert.Equal(backups[1], await FindAsync("2026-11-24T12:19:59Z"));
        Assert.Equal(backups[2], await FindAsync("2126-01-01T00:00:00Z"));
        Assert.Equal(backups[2], await FindAsync(null));
        var early = await FailsAsync(ErrorKind.NotFound, "2026-11-24T11:59:59Z");
        Assert.Contains("--at 2026-11-24T12:00:00Z", early.Hint!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clock_that_was_set_back_changes_the_order_of_backups()
    {
        foreach (var minute in new[] { 0, 20, 10 }) await BackupAsync(minute, null);
        Assert.Equal(backups[2], await FindAsync("2026-11-24T12:15:00Z"));
        Assert.Equal(backups[1], await FindAsync("2026-11-24T12:20:00Z"));
    }

    [Fact]
    public async Task Of_backups_that_took_their_time_the_newest_cut_counts_however_late_the_one_before_may_have_ended()
    {
        await BackupAsync(0, null, until: 9);
        await BackupAsync(5, null, until: 8);
        Assert.Equal(backups[1], await FindAsync("2026-11-24T12:30:00Z"));
        Assert.Equal(backups[1], await FindAsync("2026-11-24T12:08:00Z"));
        Assert.Contains("--at 2026-11-24T12:08:00Z", (await FailsAsync(ErrorKind.NotFound, "2026-11-24T12:07:59Z")).Hint!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_position_is_the_newest_backup_at_or_before_it()
    {
        foreach (var position in new[] { "0/F0000000", "1/10", "A/0" }) await BackupAsync(0, position);
        await BackupAsync(1, null); // one that does not say where it is
        Assert.Equal(backups[0], await FindAsync("1/F"));
        Assert.Equal(backups[1], await FindAsync("1/10"));
        Assert.Equal(backups[1], await FindAsync("9/FFFFFFFF"));
        Assert.Equal(backups[2], await FindAsync("a/1"));
        var early = await FailsAsync(ErrorKind.NotFound, "0/EFFFFFFF");
        Assert.Contains("--at 0/F0000000", early.Hint!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("timeline", "1", "2")]
    [InlineData("systemIdentifier", "7", "8")]
    public async Task A_position_of_another_log_is_refused_by_name(string name, string was, string now)
    {
        await BackupAsync(0, "0/100", (name, was));
        await BackupAsync(1, "0/50", (name, now));
        await BackupAsync(2, "0/200", (name, now));
        Assert.Equal(backups[2], await FindAsync("0/200"));
        Assert.Equal(backups[1], await FindAsync("0/60"));
        // The backup before it by number is of the log that was left.
        var refused = await FailsAsync(ErrorKind.Usage, "0/150");
        Assert.Contains($"{name} {was}", refused.Message, StringComparison.Ordinal);
        Assert.Contains(backups[0], refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_position_says_nothing_of_a_source_without_a_log_or_without_its_name()
    {
        await BackupAsync(0, null);
        Assert.Contains("no backup of 'prod'", (await FailsAsync(ErrorKind.Usage, "0/1")).Message, StringComparison.Ordinal);
        await BackupAsync(1, "0/1", ("timeline", null));
        Assert.Contains("timeline", (await FailsAsync(ErrorKind.Usage, "0/1")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkpoint_is_the_newest_backup_that_holds_it()
    {
        var store = Samples.Store(1);
        var unit = store.Units.Keys.Single();
        var all = store.Units[unit];
        // A checkpoint stands with its blob and its write: three records each.
        foreach (var steps in new[] { 1, 3, 3, 2 })
        {
            store.Units[unit] = [.. all.Take(3 * steps)];
            backups.Add((await TemporaryArchive.BackupAsync(archive, store)).BackupId);
        }
        store.Units.Remove(unit);
        backups.Add((await TemporaryArchive.BackupAsync(archive, store)).BackupId);
        Assert.Equal(backups[3], await FindAsync(Samples.Checkpoint(1), unit.Id));
        Assert.Equal(backups[3], await FindAsync(Samples.Checkpoint(2), unit.Id));
        Assert.Equal(backups[2], await FindAsync(Samples.Checkpoint(3), unit.Id));
        var none = await FailsAsync(ErrorKind.NotFound, Samples.Checkpoint(4), unit.Id);
        Assert.Contains("thread history", none.Hint!, StringComparison.Ordinal);
        await FailsAsync(ErrorKind.NotFound, Samples.Checkpoint(1), "nobody");
        await FailsAsync(ErrorKind.Usage, Samples.Checkpoint(1));
    }

    [Fact]
    public async Task Where_a_seal_is_damaged_no_backup_is_called_the_newest()
    {
        await BackupAsync(0, null);
        await BackupAsync(1, null);
        var seal = Directory.EnumerateFiles(Path.Combine(temporary.Path, "seals")).Order().First();
        File.Delete(seal);
        await Assert.ThrowsAsync<DamageException>(() => FindAsync("2026-11-24T12:05:00Z"));
    }

    public void Dispose() => temporary.Dispose();

    private async Task BackupAsync(int minute, string? position, (string Name, string? Value)? other = null, string source = "prod", int? until = null)
    {
        var identity = new Dictionary<string, string> { ["systemIdentifier"] = "7", ["timeline"] = "1" };
        if (other is var (name, value))
        {
            if (value is null) identity.Remove(name);
            else identity[name] = value;
        }
        var store = Samples.Store(1);
        store.Describe = cut => cut with { Time = Start.AddMinutes(minute), Position = position, Identity = identity, Until = until is null ? null : Start.AddMinutes(until.Value) };
        backups.Add((await TemporaryArchive.BackupAsync(archive, store, source)).BackupId);
    }

    private async Task<string> FindAsync(string? point, string? thread = null)
    {
        using var found = await new RecoveryPoints(archive, await BackupCatalog.LoadAsync(archive, default), "prod", TimeProvider.System)
            .ResolveAsync(point is null ? null : RecoveryPoint.Parse(point), thread is null ? null : [thread], "", default);
        return found.Chain.Newest.BackupId;
    }

    private async Task<BackupException> FailsAsync(ErrorKind kind, string point, string? thread = null)
    {
        var error = await Assert.ThrowsAsync<BackupException>(() => FindAsync(point, thread));
        Assert.Equal(kind, error.Kind);
        return error;
    }
}
