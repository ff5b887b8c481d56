using System.Collections.Concurrent;
using Backup.Contracts;
using Backup.Engine.Compaction;
using Backup.Engine.Progress;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Backup.Grains.Catalog;

/// <summary>Compacts chains that have grown long, in the background of a silo. It ends with the silo: what was not made is made after the next increment.</summary>
internal sealed partial class ChainUpkeep(ArchiveCompaction compaction, ILocalSiloDetails silo, TimeProvider time, ILogger<ChainUpkeep> logger) : IDisposable
{
    private readonly ConcurrentDictionary<(string Archive, string Source), bool> working = [];
    private readonly CancellationTokenSource stop = new();

    /// <summary>Begins, unless that chain is being compacted already.</summary>
    public void Begin(string archive, string source)
    {
        if (working.TryAdd((archive, source), true)) _ = Task.Run(() => RunAsync(archive, source));
    }

    /// <inheritdoc/>
    public void Dispose() => stop.Cancel();

    private async Task RunAsync(string archive, string source)
    {
        var now = time.GetUtcNow();
        var progress = new RunProgress(new() { RunId = RunId.New(now).Value, Kind = RunKind.Compaction, Store = source, Archive = archive, Started = now }, time);
        try
        {
            var report = await compaction.RunAsync(new() { Archive = archive, Source = source }, silo.SiloAddress.ToString(), progress, stop.Token);
            LogDone(source, archive, report.LayersBefore, report.LayersAfter, report.Seconds);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // Nothing needs it to read; the next increment asks again.
            if (!stop.IsCancellationRequested) LogFailed(error, source, archive);
        }
        finally
        {
            working.TryRemove((archive, source), out _);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "The chain of {Source} in {Archive} is read through {After} layers, and was through {Before}: compacted in {Seconds} s")]
    private partial void LogDone(string source, string archive, int before, int after, double seconds);

    [LoggerMessage(2, LogLevel.Warning, "The chain of {Source} in {Archive} could not be compacted; every backup is there and can be read")]
    private partial void LogFailed(Exception error, string source, string archive);
}
