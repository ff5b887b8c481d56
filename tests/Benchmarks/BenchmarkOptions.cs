using System.Globalization;

namespace Backup.Benchmarks;

/// <summary>What is measured, from the command line.</summary>
internal sealed record BenchmarkOptions
{
    /// <summary>Below this the seed is a few short threads, so that a smoke test takes seconds.</summary>
    private const long Smoke = 100_000_000;

    /// <summary>Bytes of values in the main set.</summary>
    public long Size { get; private init; } = 2_000_000_000;

    /// <summary>Times everything is measured, in turns.</summary>
    public int Rounds { get; private init; } = 3;

    /// <summary>Threads of the set out of which one is restored.</summary>
    public int Threads { get; private init; } = 100_000;

    /// <summary>Keys in Redis.</summary>
    public int Keys { get; private init; } = 1_000_000;

    /// <summary>Of <c>backup</c>, <c>restore</c>, <c>memory</c>, <c>increment</c>, <c>thread</c>, <c>redis</c>, <c>redis-apps</c>: what to measure.</summary>
    public IReadOnlyList<string> Parts { get; private init; } = ["backup", "restore", "memory", "increment", "thread", "redis", "redis-apps"];

    public bool IsSmoke => Size < Smoke;

    public static BenchmarkOptions Parse(string[] args)
    {
        var options = new BenchmarkOptions();
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"{args[i]} needs a value");
            options = args[i] switch
            {
                "--size" => options with { Size = Bytes(value) },
                "--rounds" => options with { Rounds = int.Parse(value, CultureInfo.InvariantCulture) },
                "--threads" => options with { Threads = int.Parse(value, CultureInfo.InvariantCulture) },
                "--keys" => options with { Keys = int.Parse(value, CultureInfo.InvariantCulture) },
                "--parts" => options with { Parts = value.Split(',') },
                _ => throw new ArgumentException($"unknown option {args[i]}; there are --size 2GB, --rounds 3, --threads 100000, --keys 1000000, --parts backup,restore,memory,increment,thread,redis,redis-apps"),
            };
        }
        return options;
    }

    private static long Bytes(string value)
    {
        var (digits, factor) = value switch
        {
            _ when value.EndsWith("GB", StringComparison.Ordinal) => (value[..^2], 1_000_000_000L),
            _ when value.EndsWith("MB", StringComparison.Ordinal) => (value[..^2], 1_000_000L),
            _ => (value, 1L),
        };
        return (long)(double.Parse(digits, CultureInfo.InvariantCulture) * factor);
    }
}
