using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Archive.Units;
using Backup.Contracts;
using Backup.Engine.Units;
using Backup.Storage.Local;
using Backup.Storage.Scratch;

namespace Backup.Engine.ChangeLog;

/// <summary>
/// What a source held at a moment of its log, to be read like any backup: an increment of the base that is derived from the log into a
/// temporary folder, sealed under the archive's key. Nothing is written to the archive. Disposing removes the folder.
/// </summary>
public sealed class PointInTime : IDisposable
{
    private readonly string folder;

    private PointInTime(OpenedArchive archive, BackupChain chain, string folder)
    {
        Archive = archive;
        Chain = chain;
        this.folder = folder;
    }

    /// <summary>The archive with what was derived.</summary>
    public OpenedArchive Archive { get; }

    /// <summary>The chain whose newest member is the moment.</summary>
    public BackupChain Chain { get; }

    /// <summary>Derives a moment.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="catalog">Its backups.</param>
    /// <param name="target">The moment.</param>
    /// <param name="threads">The threads that matter; null for everything.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="DamageException">A part of the base or of the log is not what was written.</exception>
    public static async Task<PointInTime> DeriveAsync(OpenedArchive archive, BackupCatalog catalog, LogTarget target, IReadOnlyList<string>? threads, TimeProvider time, CancellationToken cancellation)
    {
        var chain = await BackupChain.LoadAsync(catalog, target.Base, cancellation);
        var run = RunId.New(time.GetUtcNow());
        var folder = Directory.CreateTempSubdirectory("backup-point-").FullName;
        try
        {
            var view = archive.Through(new ScratchStorage(archive.Storage, new LocalStorage(folder), ObjectNames.Run(run)));
            var started = time.GetUtcNow();
            var (ticks, only) = (target.Ticks(), Keys(threads));
            var parts = await new PartMerge(view, NewPrefix, time).RunAsync(ticks.SelectMany(t => t.Parts).Reverse().ToList(), only, cancellation);
            await using var writer = new UnitWriter(view, NewPrefix(), time);
            var folded = await new LogFold(view, chain, ticks, parts, target.From, target.Before).RunAsync(writer, only, cancellation);
            var set = await writer.CompleteAsync(UnitSummary.Count, cancellation);
            var source = target.Base.Source with { CutTime = target.Time, CutPosition = LogPosition.ToText(target.Before), Layout = target.Stretch.LayoutBefore(target.Before) };
            return new(view, chain.Under(new()
            {
                BackupId = run.Value, Strategy = "log", Writer = target.Base.Writer, Started = started, Finished = time.GetUtcNow(), Source = source,
                Base = new(target.Base.BackupId, target.Base.Source.CutTime, target.Base.StateRoot), Compared = false,
                Segments = set.Segments, Index = set.Index, Totals = folded.Totals, StateRoot = folded.StateRoot, Working = [], Warnings = [],
            }), folder);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }

        string NewPrefix() => ObjectNames.Shard(run, 0, Randomness.Token(8));
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static IReadOnlyList<byte[]>? Keys(IReadOnlyList<string>? threads)
    {
        var keys = threads?.Distinct(StringComparer.Ordinal).Select(t => UnitKey.Of(Checkpoints.Model.UnitId.Thread(t))).ToList();
        keys?.Sort((a, b) => a.AsSpan().SequenceCompareTo(b));
        return keys;
    }
}
