using System.Diagnostics;
using Backup.Benchmarks.Data;
using Backup.Checkpoints.Redis;

namespace Backup.Benchmarks.Measuring;

/// <summary>An app that uses a store at a steady pace, however long an answer takes: reads a thread, then writes to another.</summary>
internal sealed class LiveClient(PlainCheckpointer store, int threads) : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(4);
    private readonly CancellationTokenSource enough = new();
    private readonly List<double> milliseconds = [];
    private Task? running;

    public void Start() => running = RunAsync();

    /// <summary>Forgets what was waited for.</summary>
    public void Clear()
    {
        lock (milliseconds) milliseconds.Clear();
    }

    /// <summary>The quantiles of what was waited for since the last call, and over how many answers.</summary>
    public (double P50, double P99, int Answers) Take()
    {
        lock (milliseconds)
        {
            var ordered = milliseconds.Order().ToList();
            milliseconds.Clear();
            return (ordered[ordered.Count / 2], ordered[Math.Min(ordered.Count - 1, ordered.Count * 99 / 100)], ordered.Count);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await enough.CancelAsync();
        if (running is not null) await running;
        enough.Dispose();
    }

    private async Task RunAsync()
    {
        var random = new Random(1);
        using var timer = new PeriodicTimer(Pace);
        for (var i = 0; !enough.IsCancellationRequested; i++)
        {
            var due = Stopwatch.GetTimestamp();
            if (i % 2 == 0) await store.GetAsync(RedisData.Id(random.Next(threads)), "", null);
            else await store.PutWritesAsync($"live-{random.Next(1000)}", "", $"c{i}", "task", "", [("messages", "json", "\"live\""u8.ToArray())]);
            var took = Stopwatch.GetElapsedTime(due).TotalMilliseconds;
            lock (milliseconds) milliseconds.Add(took);
            await timer.WaitForNextTickAsync();
        }
    }
}
