using System.Diagnostics.Metrics;

namespace Backup.Grains.Workers;

/// <summary>What a silo measures of the shards it captures: meter <c>Backup.Workers</c>.</summary>
internal sealed class WorkerInstruments
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Backup.Workers";
    private readonly UpDownCounter<long> active;
    private readonly Counter<long> shards;
    private readonly Counter<long> threads;
    private readonly Counter<long> rawBytes;
    private readonly Counter<long> storedBytes;

    public WorkerInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        active = meter.CreateUpDownCounter<long>("backup.shards.active", "{shard}", "Shards that this silo captures now");
        shards = meter.CreateCounter<long>("backup.shards.ended", "{shard}", "Shards that ended on this silo, by outcome");
        threads = meter.CreateCounter<long>("backup.captured.threads", "{thread}", "Threads captured");
        rawBytes = meter.CreateCounter<long>("backup.captured.bytes", "By", "Bytes of records captured");
        storedBytes = meter.CreateCounter<long>("backup.stored.bytes", "By", "Bytes written to archives for them");
    }

    public void Began() => active.Add(1);

    public void Captured(long threadCount, long raw, long stored)
    {
        End("done");
        threads.Add(threadCount);
        rawBytes.Add(raw);
        storedBytes.Add(stored);
    }

    public void Failed(bool stopped) => End(stopped ? "stopped" : "failed");

    private void End(string outcome)
    {
        active.Add(-1);
        shards.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
    }
}
