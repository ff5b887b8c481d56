using System.Diagnostics.Metrics;
using Backup.Engine.ChangeLog;

namespace Backup.Grains.ChangeLog;

/// <summary>What a silo measures of the change logs it keeps: meter <c>Backup.ChangeLog</c>.</summary>
internal sealed class LogInstruments
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Backup.ChangeLog";
    private readonly Gauge<double> lag;
    private readonly Gauge<long> retained;
    private readonly Counter<long> owners;
    private readonly Counter<long> stalls;
    private readonly Counter<long> gaps;

    public LogInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        lag = meter.CreateGauge<double>("backup.log.lag", "s", "How far the archive is behind the source");
        retained = meter.CreateGauge<long>("backup.log.retained", "By", "Bytes of its own log the source keeps for ours");
        owners = meter.CreateCounter<long>("backup.log.owners", "{owner}", "Logs that this silo took on, the first time or from another");
        stalls = meter.CreateCounter<long>("backup.log.stalls", "{stall}", "Times that a log ceased to advance");
        gaps = meter.CreateCounter<long>("backup.log.gaps", "{gap}", "Gaps that were declared");
    }

    public void Began(string source) => owners.Add(1, Source(source));

    public void Stalled(string source) => stalls.Add(1, Source(source));

    public void Gaps(string source, int count) => gaps.Add(count, Source(source));

    public void Stands(string source, LogProgress progress, TimeProvider time)
    {
        if (LogQueries.Lag(progress.LastClosed?.Marker.SourceTime, time) is { } seconds) lag.Record(seconds, Source(source));
        if (progress.RetainedBytes is { } bytes) retained.Record(bytes, Source(source));
    }

    private static KeyValuePair<string, object?> Source(string source) => new("source", source);
}
