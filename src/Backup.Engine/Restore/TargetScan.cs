using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Units;

namespace Backup.Engine.Restore;

/// <summary>
/// Compares the selection with what the target holds before anything is written. Keeps one byte per selected unit, in the order
/// of the selection's windows.
/// </summary>
internal sealed class TargetScan
{
    private readonly List<Decision[]> windows = [];

    /// <summary>Selected threads that are in the target with the same content.</summary>
    public long Unchanged { get; private set; }

    /// <summary>Selected threads that are in the target with another content.</summary>
    public long Conflicts { get; private set; }

    /// <summary>The first of those.</summary>
    public List<string> Conflicting { get; } = [];

    /// <summary>Selected threads whose time has come.</summary>
    public long Expired { get; private set; }

    /// <summary>The first of those.</summary>
    public List<string> Gone { get; } = [];

    /// <summary>Threads of the target outside the selection.</summary>
    public long Outside { get; private set; }

    /// <summary>The decisions of a window.</summary>
    public Decision[] this[int window] => windows[window];

    /// <summary>Scans; a null cut means that the target holds nothing.</summary>
    /// <param name="selection">What is to be restored.</param>
    /// <param name="load">Says what is expected of it.</param>
    /// <param name="target">What is there.</param>
    /// <param name="expiry">When units go by themselves.</param>
    /// <param name="earlier">What may be replaced without being a conflict; null for nothing.</param>
    /// <param name="cancellation">Cancels.</param>
    public static async Task<TargetScan> RunAsync(RestoreSelection selection, UnitLoad load, RestoredExpiry expiry, ISourceCut? target, EarlierStates? earlier, CancellationToken cancellation)
    {
        var scan = new TargetScan();
        await foreach (var window in selection.WindowsAsync(cancellation))
        {
            var decisions = new Decision[window.Count];
            var present = target is null ? [] : await DigestSink.ReadAsync(target, window.Select(selection.Target).ToList(), cancellation);
            for (var i = 0; i < window.Count; i++)
            {
                var unit = selection.Target(window[i]);
                var expected = await load.ExpectedAsync(window[i], cancellation);
                decisions[i] = expected is null ? Decision.Nothing
                    : await expiry.IsPastAsync(window[i], cancellation) ? Decision.Expired
                    : !present.TryGetValue(unit, out var digest) ? Decision.Load
                    : digest.Equals(expected) ? Decision.Unchanged
                    : earlier is not null && await earlier.HoldAsync(unit, digest, cancellation) ? Decision.Earlier : Decision.Conflict;
                scan.Count(unit, decisions[i], present.ContainsKey(unit));
            }
            scan.windows.Add(decisions);
        }
        if (target is not null && selection.Gone is null)
        {
            await foreach (var unit in target.ListAsync(cancellation))
                if (unit.Kind == UnitKind.Thread) scan.Outside++;
        }
        return scan;
    }

    /// <summary>Who names a thread wants it: that its time has come is then an error.</summary>
    /// <exception cref="BackupException">NotFound: the time of a named thread has come.</exception>
    public void EnsureAlive(RestoreRequest request)
    {
        if (request.Threads is null || Expired == 0) return;
        throw new BackupException(ErrorKind.NotFound, $"{Expired} of the threads named have expired since they were captured: {string.Join(", ", Gone.Take(5).Select(t => $"'{t}'"))}{(Expired > 5 ? " …" : "")}",
            "Nothing was changed. Use --expiry none to have them back for good, or --expiry shift for as long as they had to live at the cut.");
    }

    /// <exception cref="BackupException">Conflict: the policy does not allow the conflicts there are.</exception>
    public void EnsureAllowed(ConflictPolicy policy, string target)
    {
        if (policy is ConflictPolicy.Skip or ConflictPolicy.Overwrite || Conflicts == 0) return;
        if (policy == ConflictPolicy.Earlier) throw EarlierStates.Foreign(target, Conflicts, Conflicting);
        var shown = string.Join(", ", Conflicting.Take(5).Select(t => $"'{t}'"));
        throw new BackupException(ErrorKind.Conflict, $"{Conflicts} of the selected threads are in '{target}' with another content: {shown}{(Conflicts > 5 ? " …" : "")}",
            "Nothing was changed. Use --conflict overwrite to replace them, --conflict skip to leave them, or --as to restore one thread under a new id.");
    }

    private void Count(UnitId unit, Decision decision, bool present)
    {
        if (unit.Kind != UnitKind.Thread)
        {
            if (decision == Decision.Conflict) { Conflicts++; Conflicting.Add(unit.ToString()); }
            return;
        }
        if (present && decision != Decision.Nothing) Outside--;
        if (decision == Decision.Unchanged) Unchanged++;
        if (decision == Decision.Expired)
        {
            Expired++;
            if (Gone.Count < Finding.MaxThreads) Gone.Add(unit.Id);
        }
        if (decision != Decision.Conflict) return;
        Conflicts++;
        if (Conflicting.Count < Finding.MaxThreads) Conflicting.Add(unit.Id);
    }
}
