using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>Shows several runs as one: their counts together, the state of the one that is least far.</summary>
internal sealed class SummedProgress(IProgress<RunStatus> inner, int runs)
{
    private readonly Lock gate = new();
    private readonly RunStatus?[] latest = new RunStatus?[runs];

    /// <summary>Takes the statuses of one of them.</summary>
    public IProgress<RunStatus> Of(int run) => new One(this, run);

    private void Report(int run, RunStatus status)
    {
        lock (gate)
        {
            latest[run] = status;
            // Until all have begun, nobody knows how much there is.
            if (latest.Contains(null)) return;
            var all = latest.Select(s => s!).ToList();
            inner.Report(all.MinBy(s => s.State)! with
            {
                Shards = all.Sum(s => s.Shards), ShardsDone = all.Sum(s => s.ShardsDone), Threads = all.Sum(s => s.Threads),
                ThreadsExpected = all.TrueForAll(s => s.ThreadsExpected > 0) ? all.Sum(s => s.ThreadsExpected) : 0,
                RawBytes = all.Sum(s => s.RawBytes), StoredBytes = all.Sum(s => s.StoredBytes), Updated = all.Max(s => s.Updated), Advanced = all.Max(s => s.Advanced),
            });
        }
    }

    private sealed class One(SummedProgress sum, int run) : IProgress<RunStatus>
    {
        public void Report(RunStatus value) => sum.Report(run, value);
    }
}
