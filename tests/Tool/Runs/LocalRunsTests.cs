using Backup.Cli.Runners;
using Backup.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace Backup.Tests.Tool.Runs;

public sealed class LocalRunsTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider time = new(Start);
    private readonly LocalRuns runs;

    public LocalRunsTests() => runs = new(folder.Path, time);

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_run_is_seen_while_it_runs_and_after()
    {
        var work = new Work();
        var first = First();
        var running = runs.ExecuteAsync(first, Ignore, work.DoAsync, default);
        Assert.Equal(RunState.Planned, Assert.Single(runs.List()).State);

        work.Progress.Report(first with { State = RunState.Capturing, Threads = 1 });
        Assert.Equal((RunState.Capturing, 1), (runs.Show(first.RunId).State, runs.Show(first.RunId).Threads));

        // Within a second the file is not written again, then it is.
        work.Progress.Report(first with { State = RunState.Capturing, Threads = 2 });
        Assert.Equal(1, runs.Show(first.RunId).Threads);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, runs.Show(first.RunId).Threads);

        work.End.SetResult(first with { State = RunState.Done, Threads = 3 });
        await running;
        Assert.Equal((RunState.Done, 3), (runs.Show(first.RunId[..20]).State, runs.Show(first.RunId).Threads));
        Assert.Equal([first.RunId + ".json"], Directory.GetFiles(Path.Combine(folder.Path, "runs")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task The_same_store_is_busy_and_another_is_not()
    {
        var work = new Work();
        var first = First();
        var running = runs.ExecuteAsync(first, Ignore, work.DoAsync, default);
        var busy = await Assert.ThrowsAsync<BackupException>(() => runs.ExecuteAsync(First(), Ignore, work.DoAsync, default));
        Assert.Equal(ErrorKind.Conflict, busy.Kind);
        Assert.Contains(first.RunId, busy.Message);
        Assert.Equal(RunState.Done, (await runs.ExecuteAsync(First("other"), Ignore, Done, default)).State);
        Assert.Equal(RunState.Done, (await runs.ExecuteAsync(First(kind: RunKind.Restore), Ignore, Done, default)).State);
        work.End.SetResult(first with { State = RunState.Done });
        await running;
        Assert.Equal(RunState.Done, (await runs.ExecuteAsync(First(), Ignore, Done, default)).State);
    }

    [Fact]
    public async Task Somebody_else_can_stop_it()
    {
        var work = new Work();
        var first = First();
        var running = runs.ExecuteAsync(first, Ignore, work.DoAsync, default);
        Assert.Equal(RunState.Cancelling, new LocalRuns(folder.Path, time).Cancel(first.RunId).State);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ErrorKind.Interrupted, (await Assert.ThrowsAsync<BackupException>(() => running)).Kind);
        Assert.Equal(RunState.Cancelled, runs.Show(first.RunId).State);
        Assert.Equal(RunState.Cancelled, runs.Cancel(first.RunId).State);
    }

    [Fact]
    public async Task The_callers_own_cancellation_is_recorded()
    {
        using var stop = new CancellationTokenSource();
        var first = First();
        var running = runs.ExecuteAsync(first, Ignore, new Work().DoAsync, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(RunState.Cancelled, runs.Show(first.RunId).State);
    }

    [Fact]
    public async Task An_error_is_recorded_with_its_kind_and_hint()
    {
        var first = First();
        var error = new BackupException(ErrorKind.Unreachable, "no server", "start it");
        Assert.Same(error, await Assert.ThrowsAsync<BackupException>(() => runs.ExecuteAsync(first, Ignore, (_, _) => Task.FromException<RunStatus>(error), default)));
        var status = runs.Show(first.RunId);
        Assert.Equal((RunState.Failed, ErrorKind.Unreachable, "no server", "start it"), (status.State, status.ErrorKind, status.Error, status.Hint));
    }

    [Fact]
    public void A_run_whose_process_is_gone_has_failed()
    {
        var first = First() with { State = RunState.Capturing };
        Directory.CreateDirectory(Path.Combine(folder.Path, "runs"));
        new LocalRunFiles(Path.Combine(folder.Path, "runs"), first.RunId).Write(first);
        var status = runs.Show(first.RunId);
        Assert.Equal((RunState.Failed, ErrorKind.Failed), (status.State, status.ErrorKind));
        Assert.Contains("process ended", status.Error);
    }

    [Fact]
    public async Task Watching_ends_with_the_last_status()
    {
        var work = new Work();
        var first = First();
        var running = runs.ExecuteAsync(first, Ignore, work.DoAsync, default);
        await using var watch = runs.WatchAsync(first.RunId, default).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(RunState.Planned, watch.Current.State);
        var next = watch.MoveNextAsync();
        work.End.SetResult(first with { State = RunState.Done });
        await running;
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await next);
        Assert.Equal(RunState.Done, watch.Current.State);
        Assert.False(await watch.MoveNextAsync());
    }

    [Fact]
    public async Task Ids_are_found_by_their_unique_beginning()
    {
        Assert.Equal(ErrorKind.NotFound, Assert.Throws<BackupException>(() => runs.Show("2026")).Kind);
        await runs.ExecuteAsync(First(), Ignore, Done, default);
        await runs.ExecuteAsync(First(), Ignore, Done, default);
        Assert.Equal(ErrorKind.Usage, Assert.Throws<BackupException>(() => runs.Show("2026")).Kind);
    }

    [Fact]
    public async Task Old_records_go()
    {
        for (var i = 0; i < 203; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await runs.ExecuteAsync(First(), Ignore, Done, default);
        }
        Assert.Equal(201, runs.List().Count);
        Assert.Equal(Start.AddSeconds(203), runs.List()[^1].Started);
    }

    private static readonly IProgress<RunStatus> Ignore = new Nobody();

    private RunStatus First(string store = "prod", RunKind kind = RunKind.Backup) => new()
    {
        RunId = RunId.New(time.GetUtcNow()).Value, Kind = kind, Store = store, Archive = "main", Started = time.GetUtcNow(), Updated = time.GetUtcNow(), Advanced = time.GetUtcNow(),
    };

    private Task<RunStatus> Done(IProgress<RunStatus> progress, CancellationToken cancellation) => Task.FromResult(First() with { State = RunState.Done });

    private sealed class Nobody : IProgress<RunStatus>
    {
        public void Report(RunStatus value)
        {
        }
    }

    private sealed class Work
    {
        public TaskCompletionSource<RunStatus> End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IProgress<RunStatus> Progress { get; private set; } = Ignore;

        public Task<RunStatus> DoAsync(IProgress<RunStatus> progress, CancellationToken cancellation)
        {
            Progress = progress;
            return End.Task.WaitAsync(cancellation);
        }
    }
}
