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
internal sealed class Migration(IBackupRunner runner, ToolHost host, ResultOutput results, string from, string to, string archive)
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

    /// <summary>The writers stand still: makes the target equal, and compares both stores with the final increment.</summary>
    public async Task<MigrateReport> CutOverAsync(CancellationToken cancellation)
    {
        var started = host.Time.GetTimestamp();
        await RoundAsync("final increment", cancellation);
        var compared = await results.WithProgressAsync($"comparison of {from} and {to}", async progress =>
        {
            var both = new SummedProgress(progress, 2);
            string[] stores = [from, to];
            return await Task.WhenAll(stores.Select((store, i) => runner.VerifyAsync(new() { Archive = archive, BackupId = held!.BackupId, Against = store }, both.Of(i), cancellation)));
        });
        var pause = host.Time.GetElapsedTime(started).TotalSeconds;
        seconds += pause - rounds[^1].Seconds;
        if (compared.SelectMany(c => c.Findings).FirstOrDefault() is { } damage) throw new DamageException(damage.Object, damage.Offset, damage.Problem);
        return Report() with
        {
            CutOver = compared.All(c => c.Ok), PauseSeconds = pause, SourceDifferences = compared[0].Differences, TargetDifferences = compared[1].Differences,
        };
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
        var request = new BackupRequest { Source = from, Archive = archive, Strategy = BackupStrategyKind.Incremental };
        var run = await results.WithProgressAsync($"{name}: backup of {from}", progress => runner.CreateAsync(request, detach: false, progress, cancellation));
        var backup = run.Backup!;
        // The first compares everything: what stands in the target is not known. Then only what changed is looked at.
        var restore = new RestoreRequest { Archive = archive, BackupId = backup.BackupId, Target = to, Mirror = true, Conflict = ConflictPolicy.Earlier, Since = held?.BackupId };
        var restored = await results.WithProgressAsync($"{name}: restore to {to}", progress => runner.RestoreAsync(restore, progress, cancellation));
        held = backup;
        warnings.AddRange(backup.Warnings.Concat(restored.Warnings).Except([.. warnings, IncrementRun.NothingToBuildOn]));
        var round = new MigrateRound
        {
            BackupId = backup.BackupId, Strategy = backup.Strategy, Written = restored.Threads - restored.Unchanged, Removed = restored.Removed, Seconds = host.Time.GetElapsedTime(started).TotalSeconds,
        };
        rounds.Add(round);
        seconds += round.Seconds;
        await host.Error.WriteLineAsync(MigrateText.Round(name, round));
        return round;
    }
}
