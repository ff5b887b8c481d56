using Backup.Cli.Output;

namespace Backup.Tests.Tool.Output;

public sealed class HumanTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.00 kB")]
    [InlineData(999_499, "999 kB")]
    [InlineData(999_500, "1.00 MB")]
    [InlineData(12_345_678, "12.3 MB")]
    [InlineData(404_000_000, "404 MB")]
    [InlineData(long.MaxValue, "9223 PB")]
    public void Sizes(long bytes, string expected) => Assert.Equal(expected, Human.Size(bytes));

    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(0.42, "420 ms")]
    [InlineData(0.9999, "1.00 s")]
    [InlineData(12.34, "12.3 s")]
    [InlineData(99.96, "1 min 40 s")]
    [InlineData(200, "3 min 20 s")]
    [InlineData(3599.6, "1 h 00 min")]
    [InlineData(90_000, "25 h 00 min")]
    public void Durations(double seconds, string expected) => Assert.Equal(expected, Human.Duration(seconds));

    [Theory]
    [InlineData(404, 11, "36.7 ×")]
    [InlineData(100, 0, "–")]
    [InlineData(0, 10, "–")]
    [InlineData(100, 101, "0.99 ×")]
    public void Ratios(long raw, long stored, string expected) => Assert.Equal(expected, Human.Ratio(raw, stored));

    [Fact]
    public void Counts_agree_with_their_noun()
    {
        Assert.Equal("1 thread", Human.Count(1, "thread"));
        Assert.Equal("12,345 threads", Human.Count(12_345, "thread"));
    }
}
