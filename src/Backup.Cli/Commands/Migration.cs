using Backup.Cli.Output;
using Backup.Cli.Runners;
using Backup.Contracts;
using Backup.Engine.Chains;

namespace Backup.Cli.Commands;

/// <summary>
/// Moves a source into a target by way of an archive: backups, and restores of what they changed, until a round is short; then, while nobody
/// writes, a last one and a comparison of both stores. It keeps no state of its own: where it stands is what archive and target hold, so it
/// is run again after whatever ended it.
/// </summary>
internal sealed class Migration(IBackupRunner runner, ToolHost host, ResultOutput results, string from, string to, string archive, string? layout)
{
    /// <summary>A round this short leaves little for the pause.</summary>
    public static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    // A round counts as shorter than the ones before when it is so by a tenth; after so many that are not, more of them do not help.
    private const double Shorter = 0.9;
    private const int Patience = 3;
    private readonly List<MigrateRound> rounds = [];
    private readonly List<string> warnings = [];
    private BackupSummary? held; // the backup that the target was seen to hold
    private double seconds;
    private bool ready;

    /// <summary>Brings the target near to the source, which goes on being written.</summary>
    public async Task ApproachAsync(CancellationToken cancellation)
    {
        double best = double.MaxValue;
        for (var inVain = 0; !ready && inVain < Patience;)
        {
            var round = await RoundAsync($"round {rounds.Count + 1}", cancellation);
            ready = round.Seconds <= Short.TotalSeconds || (rounds.Count > 1 && round.Written + round.Removed == 0);
            inVain = round.Seconds < best * Shorter ? 0 : inVain + 1;
            best = Math.Min(best, round.Seconds);
        }
    }

    /// <summary>Has a backup of the target too, so that what it holds is known thread by thread, and can be asked for in a moment.</summary>
    public async Task PrepareCutOverAsync(CancellationToken cancellation)
    {
        var started = host.Time.GetTimestamp();
        await BackupAsync("before the cut-over", to, cancellation);
        seconds += host.Time.GetElapsedTime(started).TotalSeconds;
        await RoundAsync($"round {rounds.Count + 1}", cancellation);
    }

    /// <summary>
    /// The writers stand still: makes the target equal, and takes an increment of either store. Source, target and final increment must have one
    /// state root, the hash over the digests of all threads; where they do not, the store is read and compared thread by thread.
    /// </summary>
    public async Task<MigrateReport> CutOverAsync(CancellationToken cancellation)
    {
        var started = host.Time.GetTimestamp();
        await RoundAsync("final increment", cancellation);
        var now = await results.WithProgressAsync($"comparison of {from} and {to}", async progress =>
        {
            var both = new SummedProgress(progress, 2);
            return await Task.WhenAll(runner.CreateAsync(Increment(from), detach: false, both.Of(0), cancellation), runner.CreateAsync(Increment(to), detach: false, both.Of(1), cancellation));
        });
        var (ofSource, ofTarget) = (await DifferencesAsync(from, now[0].Backup!, cancellation), await DifferencesAsync(to, now[1].Backup!, cancellation));
        var pause = host.Time.GetElapsedTime(started).TotalSeconds;
        seconds += pause - rounds[^1].Seconds;
        return Report() with { CutOver = ofSource.Count + ofTarget.Count == 0, PauseSeconds = pause, SourceDifferences = ofSource, TargetDifferences = ofTarget };
    }

    /// <summary>Where it stands.</summary>
    public MigrateReport Report() => new()
    {
        From = from, To = to, Archive = archive, BackupId = held!.BackupId, CutTime = held.CutTime, Threads = held.Threads, StateRoot = held.StateRoot,
        Rounds = rounds, Ready = ready, Warnings = warnings, Seconds = seconds,
    };

    private async Task<MigrateRound> RoundAsync(string name, CancellationToken cancellation)
    {
        var started = host.Time.GetTimestamp();
        var backup = await BackupAsync(name, from, cancellation);
        // The first compares everything: what stands in the target is not known. Then only what changed is looked at.
        var restore = new RestoreRequest { Archive = archive, BackupId = backup.BackupId, Target = to, Layout = layout, Mirror = true, Conflict = ConflictPolicy.Earlier, Since = held?.BackupId };
        var restored = await results.WithProgressAsync($"{name}: restore to {to}", progress => runner.RestoreAsync(restore, progress, cancellation));
        held = backup;
        warnings.AddRange(backup.Warnings.Concat(restored.Warnings).Except([.. warnings, IncrementRun.NothingToBuildOn]));
        var round = new MigrateRound
        {
            BackupId = backup.BackupId, Strategy = backup.Strategy, Written = restored.Threads - restored.Unchanged, Removed = restored.Removed, Dropped = restored.Dropped, Seconds = host.Time.GetElapsedTime(started).TotalSeconds,
        };
        rounds.Add(round);
        seconds += round.Seconds;
        await host.Error.WriteLineAsync(MigrateText.Round(name, round));
        return round;
    }

    private BackupRequest Increment(string store) => new() { Source = store, Archive = archive, Strategy = BackupStrategyKind.Incremental };

    private async Task<BackupSummary> BackupAsync(string name, string store, CancellationToken cancellation) =>
        (await results.WithProgressAsync($"{name}: backup of {store}", progress => runner.CreateAsync(Increment(store), detach: false, progress, cancellation))).Backup!;

    // Which threads they are; that takes a read of the store.
    // Threads that expired since the final increment are gone from either store, and no difference.
    private async Task<IReadOnlyList<Finding>> DifferencesAsync(string store, BackupSummary now, CancellationToken cancellation)
    {
        if (now.StateRoot == held!.StateRoot) return [];
        var report = await results.WithProgressAsync($"what differs in {store}", progress => runner.VerifyAsync(new() { Archive = archive, BackupId = held!.BackupId, Against = store }, progress, cancellation));
        return report.Differences.Count > 0 || held.Expiring > 0 ? report.Differences
            : [new() { Object = store, Offset = 0, Problem = "it was changed while it was compared, and is now what the final increment holds", BackupId = held!.BackupId, Advice = "Make sure that nothing writes to it." }];
    }
}
