using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;

namespace Backup.Tests.Unit.Memory;

/// <summary>Since when a unit waits, against a list of everything that happened.</summary>
public sealed class ChangeTimesTests
{
    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(30)]
    public void The_first_change_behind_any_cut_is_known_or_the_cut_itself_is_told(int kept)
    {
        var seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        for (var round = 0; round < 50; round++)
        {
            var random = new Random(seed + round);
            var times = new ChangeTimes(kept);
            var happened = new List<(UnitId? Unit, DateTimeOffset Time)>(); // without a unit a cut
            var now = DateTimeOffset.UnixEpoch;
            for (var i = 0; i < 200; i++)
            {
                now += TimeSpan.FromSeconds(1);
                UnitId? unit = random.Next(5) == 0 ? null : UnitId.Thread($"t{random.Next(8)}");
                happened.Add((unit, now));
                if (unit is { } changed) times.Changed(changed, now);
                else times.Cut(now);
            }
            foreach (var cut in happened.Where(h => h.Unit is null).Select(h => (DateTimeOffset?)h.Time).Append(null))
            {
                for (var t = 0; t < 8; t++)
                {
                    var first = happened.Where(h => h.Unit == UnitId.Thread($"t{t}") && (cut is null || h.Time > cut)).Select(h => (DateTimeOffset?)h.Time).FirstOrDefault();
                    var told = times.Since(UnitId.Thread($"t{t}"), cut);
                    // What is forgotten is the oldest: then the cut is told for its change, or none is known.
                    if (kept == int.MaxValue) Assert.True(told == first, $"seed {seed + round}: t{t} behind {cut}: {told}, not {first}");
                    else Assert.True(told is null || told == first || (first is not null && told == (cut ?? DateTimeOffset.MinValue)), $"seed {seed + round}: t{t} behind {cut}: {told}, not {first}");
                }
            }
        }
    }

    [Fact]
    public void What_came_from_elsewhere_may_have_changed_right_behind_the_cut()
    {
        var times = new ChangeTimes(100);
        times.Cut(DateTimeOffset.UnixEpoch);
        times.Changed(UnitId.Thread("moved"), DateTimeOffset.MinValue);
        times.Changed(UnitId.Thread("moved"), DateTimeOffset.UnixEpoch.AddHours(1));
        Assert.Equal(DateTimeOffset.UnixEpoch, times.Since(UnitId.Thread("moved"), DateTimeOffset.UnixEpoch));
        Assert.Equal(DateTimeOffset.MinValue, times.Since(UnitId.Thread("moved"), null));
    }
}
