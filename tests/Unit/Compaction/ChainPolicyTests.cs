using Backup.Engine.Compaction;
using Xunit;

namespace Backup.Tests.Unit.Compaction;

/// <summary>The policy alone, on sizes: thousands of increments of every distribution, a compaction after every eight or fewer.</summary>
public sealed class ChainPolicyTests
{
    public static TheoryData<int, double, int> Lives()
    {
        var data = new TheoryData<int, double, int>();
        foreach (var full in new[] { 1e3, 1e6, 1e9, 1e12 })
            for (var seed = 1; seed <= 4; seed++) data.Add(seed, full, seed % 2 == 0 ? 8 : 0);
        return data;
    }

    [Theory]
    [MemberData(nameof(Lives))]
    public void No_point_is_ever_read_through_more_layers_than_promised(int seed, double full, int every)
    {
        var random = new Random(seed);
        var chain = new List<long> { (long)full };
        long captured = 0, rewritten = 0, synthetic = 0;
        for (var i = 0; i < 10_000;)
        {
            for (var step = every > 0 ? every : random.Next(1, 9); step > 0; step--, i++)
            {
                // Some fat, most thin, some next to nothing.
                var size = 800 + (long)(random.Next(20) == 0 ? full / 100 * random.NextDouble() : Math.Exp(random.NextDouble() * 8));
                chain.Insert(0, size);
                captured += size;
                Assert.InRange(chain.Count, 1, ChainPolicy.Most); // what is made now is a point for ever, and stays read like this or better
            }
            while (ChainPolicy.Newest(chain) is var count and > 0)
            {
                Assert.InRange(count, 2, ChainPolicy.MostOpen);
                rewritten += chain.Take(count).Sum();
                // Merging saves something as a rule; that it does not is the worst case.
                var merged = chain.Take(count).Sum();
                if (count == chain.Count) (merged, synthetic) = ((long)full, synthetic + 1);
                chain.RemoveRange(0, count);
                chain.Insert(0, merged);
            }
            Assert.InRange(chain.Count, 1, ChainPolicy.Settled);
        }
        Assert.True(rewritten <= 40 * (captured + (synthetic * full)), $"{captured} captured, {rewritten} rewritten");
    }

    [Fact]
    public void However_long_a_chain_was_left_alone_few_layers_are_open_at_once_and_it_becomes_short()
    {
        var chain = Enumerable.Repeat(1000L, 10_000).Append(1L << 40).ToList();
        while (ChainPolicy.Newest(chain) is var count and > 0)
        {
            Assert.InRange(count, 2, ChainPolicy.MostOpen);
            var merged = chain.Take(count).Sum();
            chain.RemoveRange(0, count);
            chain.Insert(0, merged);
        }
        Assert.InRange(chain.Count, 1, ChainPolicy.Settled);
    }
}
