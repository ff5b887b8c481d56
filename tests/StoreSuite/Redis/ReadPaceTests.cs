using Backup.Checkpoints.Redis.Capture;
using Backup.Checkpoints.Stores;

namespace Backup.Tests.StoreSuite.Redis;

/// <summary>How much is asked of a server at once.</summary>
public sealed class ReadPaceTests
{
    [Fact]
    public async Task Readers_that_share_a_limit_ask_for_little_at_once_together()
    {
        var limit = new RateLimit(1_000_000_000, TimeProvider.System);
        int asked = 0, highest = 0;
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(reader => new ReadPace(limit).AskAsync(Enumerable.Range(reader * 600, 600), async thing =>
        {
            var now = Interlocked.Increment(ref asked);
            for (var seen = highest; now > seen; seen = highest) Interlocked.CompareExchange(ref highest, now, seen);
            await Task.Yield();
            Interlocked.Decrement(ref asked);
            return thing;
        })));
        for (var reader = 0; reader < 4; reader++) Assert.Equal(Enumerable.Range(reader * 600, 600), answers[reader]);
        Assert.InRange(highest, 1, 8);
    }
}
