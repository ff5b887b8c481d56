using System.Diagnostics;
using System.Diagnostics.Metrics;
using Backup.Contracts;

namespace Backup.Grains.Runs;

/// <summary>What a silo measures of runs: meter <c>Backup.Runs</c>.</summary>
internal sealed class RunInstruments
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Backup.Runs";
    private readonly Counter<long> ended;
    private readonly Histogram<double> seconds;
    private readonly Counter<long> owners;
    private readonly UpDownCounter<long> active;
    private readonly Counter<long> cutsLost;
    private readonly Counter<long> requeued;

    public RunInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        ended = meter.CreateCounter<long>("backup.runs.ended", "{run}", "Runs that ended, by kind and state");
        seconds = meter.CreateHistogram<double>("backup.runs.duration", "s", "How long runs took from admission to end");
        owners = meter.CreateCounter<long>("backup.runs.owners", "{owner}", "Runs that this silo took on, the first time or from another");
        active = meter.CreateUpDownCounter<long>("backup.runs.active", "{run}", "Runs that this silo coordinates now");
        cutsLost = meter.CreateCounter<long>("backup.cuts.lost", "{cut}", "Cuts that no living silo held any more");
        requeued = meter.CreateCounter<long>("backup.shards.requeued", "{shard}", "Shards that were given to another slot");
    }

    public void Began(RunStatus run)
    {
        owners.Add(1, Kind(run), new("first", run.Epoch == 1));
        active.Add(1, Kind(run));
    }

    public void Left(RunStatus run) => active.Add(-1, Kind(run));

    public void Ended(RunStatus run)
    {
        var tags = new TagList { Kind(run), { "state", run.State.ToString().ToLowerInvariant() } };
        ended.Add(1, tags);
        seconds.Record((run.Updated - run.Started).TotalSeconds, tags);
    }

    public void CutLost() => cutsLost.Add(1);

    public void Requeued() => requeued.Add(1);

    private static KeyValuePair<string, object?> Kind(RunStatus run) => new("kind", run.Kind.ToString().ToLowerInvariant());
}
