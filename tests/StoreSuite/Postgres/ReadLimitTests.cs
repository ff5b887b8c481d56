using Backup.Checkpoints.Postgres;
using Backup.Checkpoints.Stores;
using Backup.Tests.StoreSuite.Support;

namespace Backup.Tests.StoreSuite.Postgres;

/// <summary>A capture with a limit takes as long as its bytes need at that rate, however many read at once.</summary>
public sealed class ReadLimitTests(DatabaseFixture fixture)
{
    private const int Rows = 300, Length = 10_000, MBPerSecond = 2;

    [Fact]
    public async Task A_capture_reads_no_faster_than_its_limit()
    {
        await using var store = await new PostgresUnderTest(fixture.Database).SetupAsync();
        await store.ExecuteAsync($"INSERT INTO {{s}}.checkpoint_blobs SELECT 't' || n, '', 'c', '1', 'bytes', decode(repeat('ab', {Length}), 'hex') FROM generate_series(1, {Rows}) n");
        var time = new JumpingTime();
        await using var limited = new PostgresStore(new() { Name = "limited", ConnectionString = store.ConnectionString, Schema = store.Schema, ReadLimit = new(MBPerSecond * 1_000_000, time) });
        Contents.AssertEqual(await Contents.ReadAsync(store.Source), await Contents.ReadAsync(limited));
        var needed = (double)Rows * Length / 1_000_000 / MBPerSecond;
        Assert.InRange(time.Passed.TotalSeconds, needed, needed * 1.05);
    }

    [Fact]
    public async Task What_was_not_used_is_not_saved_up()
    {
        var time = new JumpingTime();
        var limit = new RateLimit(1000, time);
        await limit.TakeAsync(1000, default);
        Assert.InRange(time.Passed.TotalSeconds, 0.97, 1);
        time.Jump(TimeSpan.FromHours(1));
        await limit.TakeAsync(1000, default);
        Assert.InRange(time.Passed.TotalSeconds - 3600, 1.95, 2);
    }

    /// <summary>A clock on which time passes by waiting alone.</summary>
    private sealed class JumpingTime : TimeProvider
    {
        private long ticks;

        public TimeSpan Passed => new(Interlocked.Read(ref ticks));

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref ticks);

        public void Jump(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            // Those who wait beside each other wait for the same moments.
            var until = Passed + dueTime;
            for (long now; (now = Interlocked.Read(ref ticks)) < until.Ticks && Interlocked.CompareExchange(ref ticks, until.Ticks, now) != now;) { }
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
