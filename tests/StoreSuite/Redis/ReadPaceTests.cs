using Backup.Checkpoints.Redis.Capture;
using Backup.Checkpoints.Stores;

namespace Backup.Tests.StoreSuite.Redis;

/// <summary>How much is asked of a server at once.</summary>
public sealed class ReadPaceTests
{
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 8)]
    public async Task Readers_that_share_a_limit_ask_for_little_at_once_together(bool reads, int most)
    {
        var limit = new RateLimit(1_000_000_000, TimeProvider.System);
        int asked = 0, highest = 0;
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(reader => reads ? new ReadPace(limit).ReadAsync(Things(reader), AskAsync) : new ReadPace(limit).AskAsync(Things(reader), AskAsync)));
        for (var reader = 0; reader < 4; reader++) Assert.Equal(Things(reader), answers[reader]);
        Assert.InRange(highest, 1, most);

        static IEnumerable<int> Things(int reader) => Enumerable.Range(reader * 600, 600);

        async Task<int> AskAsync(int thing)
        {
            var now = Interlocked.Increment(ref asked);
            for (var seen = highest; now > seen; seen = highest) Interlocked.CompareExchange(ref highest, now, seen);
            await Task.Yield();
            Interlocked.Decrement(ref asked);
            return thing;
        }
    }
}
