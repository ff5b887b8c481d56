using Backup.Abstractions;
using Backup.Contracts;
using Backup.Tests.Cluster.Grains;
using Microsoft.Extensions.DependencyInjection;

namespace Backup.Tests.Cluster.State;

public sealed class SqliteReminderTests(SqliteFixture fixture) : ReminderContract(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresReminderTests(PostgresFixture fixture) : ReminderContract(fixture), IClassFixture<PostgresFixture>;

/// <summary>What reminders must do, whatever the dialect.</summary>
public abstract class ReminderContract(StateFixture fixture)
{
    private IReminderTable Table => fixture.Server.Services.GetRequiredService<IReminderTable>();

    [Fact]
    public async Task A_reminder_ticks_until_it_is_unregistered()
    {
        var key = GrainKeys.Single(Randomness.Token(12));
        var grain = fixture.Server.Grains.GetGrain<IBellGrain>(key);
        await grain.Register(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(200));
        Assert.True(await grain.IsRegistered());
        for (var tick = 0; tick < 3; tick++) Assert.True(await BellGrain.Of(key).WaitAsync(TimeSpan.FromSeconds(30)), $"no tick {tick}");

        await grain.Unregister();
        Assert.False(await grain.IsRegistered());
        Assert.Equal(0, await fixture.CountAsync("SELECT count(*) FROM grainreminder WHERE grainid LIKE '%' || @p", key));
    }

    [Fact]
    public async Task A_row_comes_back_as_it_was_written_and_only_its_last_version_is_removed()
    {
        var entry = Entry(TimeSpan.FromDays(40)); // more milliseconds than an int holds
        var first = await Table.UpsertRow(entry);
        var second = await Table.UpsertRow(entry);
        Assert.NotEqual(first, second);

        var read = await Table.ReadRow(entry.GrainId, entry.ReminderName);
        Assert.Equal((entry.GrainId, entry.StartAt, entry.Period, second), (read!.GrainId, read.StartAt, read.Period, read.ETag));
        Assert.Single((await Table.ReadRows(entry.GrainId)).Reminders);

        Assert.False(await Table.RemoveRow(entry.GrainId, entry.ReminderName, first!));
        Assert.True(await Table.RemoveRow(entry.GrainId, entry.ReminderName, second!));
        Assert.False(await Table.RemoveRow(entry.GrainId, entry.ReminderName, second!));
        Assert.Null(await Table.ReadRow(entry.GrainId, entry.ReminderName));
    }

    [Fact]
    public async Task Ranges_cover_the_ring_once()
    {
        var entries = Enumerable.Range(0, 60).Select(_ => Entry(TimeSpan.FromDays(1))).ToList();
        foreach (var entry in entries) entry.ETag = await Table.UpsertRow(entry);
        var mine = entries.Select(e => e.GrainId).ToHashSet();

        Assert.Equal(60, await CountAsync(7, 7));
        uint[] cuts = [0, 5, 0x3FFF_FFFF, 0x7FFF_FFFF, 0x8000_0000, 0xC000_0000, uint.MaxValue];
        var sum = 0;
        for (var i = 0; i < cuts.Length; i++) sum += await CountAsync(cuts[i], cuts[(i + 1) % cuts.Length]);
        Assert.Equal(60, sum);
        foreach (var entry in entries)
        {
            var hash = entry.GrainId.GetUniformHashCode();
            Assert.Contains((await Table.ReadRows(hash - 1, hash)).Reminders, r => r.GrainId == entry.GrainId);
            Assert.DoesNotContain((await Table.ReadRows(hash, hash + 1)).Reminders, r => r.GrainId == entry.GrainId);
            Assert.True(await Table.RemoveRow(entry.GrainId, entry.ReminderName, entry.ETag!));
        }

        async Task<int> CountAsync(uint begin, uint end) => (await Table.ReadRows(begin, end)).Reminders.Count(r => mine.Contains(r.GrainId));
    }

    private static ReminderEntry Entry(TimeSpan period) => new()
    {
        GrainId = GrainId.Create("test", GrainKeys.Single(Randomness.Token(12))),
        ReminderName = "a name",
        StartAt = new DateTime(2040, 2, 29, 23, 59, 58, 123, DateTimeKind.Utc),
        Period = period,
    };
}
