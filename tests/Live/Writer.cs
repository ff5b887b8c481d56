using System.Diagnostics;
using Backup.Contracts;
using Npgsql;

namespace Backup.Live;

/// <summary>A commit that the server acknowledged.</summary>
/// <param name="Number">Its number among the writer's.</param>
/// <param name="Above">A position of the server's log that the commit comes after.</param>
/// <param name="Below">A position that it comes before, as far as that was looked for.</param>
/// <param name="Time">When, as a timestamp of the stopwatch.</param>
internal readonly record struct Acknowledged(long Number, ulong Above, ulong Below, long Time);

/// <summary>Commits conversations as fast as the server takes them, or at a rate, and remembers what was acknowledged. A server that is away is waited for.</summary>
internal sealed class Writer(string connectionString, int number, double perSecond = 0, bool deletes = true) : IAsyncDisposable
{
    private readonly Conversations conversations = new(number, deletes);
    private readonly CancellationTokenSource stop = new();
    private readonly List<Acknowledged> acknowledged = [];
    private volatile TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task work = Task.CompletedTask;
    private long committing;
    private bool idle = true;

    public int Number => number;

    public Conversations Conversations => conversations;

    /// <summary>Where every commit's duration in seconds goes; null when nobody asks.</summary>
    public List<double>? Durations { get; set; }

    public static IReadOnlyList<Writer> Start(string connectionString, int count, double perSecond = 0, bool deletes = true)
    {
        var writers = Enumerable.Range(1, count).Select(i => new Writer(connectionString, i, perSecond / count, deletes)).ToList();
        foreach (var writer in writers) writer.work = Task.Run(writer.WorkAsync);
        return writers;
    }

    /// <summary>What was acknowledged so far.</summary>
    public IReadOnlyList<Acknowledged> Commits()
    {
        lock (acknowledged) return [.. acknowledged];
    }

    /// <summary>Number of the last commit that was begun.</summary>
    public long Begun => Volatile.Read(ref committing);

    public void Go()
    {
        Volatile.Write(ref idle, false);
        gate.TrySetResult();
    }

    /// <summary>Waits until nothing is under way.</summary>
    public async Task PauseAsync()
    {
        gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        while (!Volatile.Read(ref idle)) await Task.Delay(5);
    }

    /// <summary>Everything that was acknowledged comes before a position.</summary>
    public void Settle(ulong position)
    {
        lock (acknowledged)
            if (acknowledged.Count > 0) acknowledged[^1] = acknowledged[^1] with { Below = position };
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task WorkAsync()
    {
        var (began, paced) = (0L, 0L);
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, MaxAutoPrepare = 20, Timeout = 3 }.ConnectionString);
                await connection.OpenAsync(stop.Token);
                // What the server took and could not say any more.
                committing = await LastAsync(connection);
                if (acknowledged.Count > 0 && acknowledged[^1].Number < committing) Remember(committing, acknowledged[^1].Above);
                while (true)
                {
                    if (!gate.Task.IsCompleted)
                    {
                        Volatile.Write(ref idle, true);
                        await gate.Task.WaitAsync(stop.Token);
                        began = 0;
                    }
                    if (perSecond > 0)
                    {
                        if (began == 0) (began, paced) = (Stopwatch.GetTimestamp(), 0);
                        var ahead = (paced++ / perSecond) - Stopwatch.GetElapsedTime(began).TotalSeconds;
                        if (ahead > 0.001) await Task.Delay(TimeSpan.FromSeconds(ahead), stop.Token);
                    }
                    var started = Stopwatch.GetTimestamp();
                    committing++;
                    await using var batch = conversations.Commit(connection, committing);
                    var above = LogPosition.Read((string)(await batch.ExecuteScalarAsync(CancellationToken.None))!)!.Value;
                    Remember(committing, above);
                    Durations?.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
                }
            }
            catch (Exception error) when (!stop.IsCancellationRequested && error is NpgsqlException or IOException or TimeoutException)
            {
                await Task.Delay(100);
            }
        }
    }

    private void Remember(long commit, ulong above)
    {
        lock (acknowledged) acknowledged.Add(new(commit, above, ulong.MaxValue, Stopwatch.GetTimestamp()));
    }

    private async Task<long> LastAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand($"select max(max) from ({Conversations.Summary("agents")}) s (writer, rows, min, max) where writer = {number}", connection);
        return await command.ExecuteScalarAsync(stop.Token) as long? ?? 0;
    }
}
