using Backup.Archive;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Units;

namespace Backup.Engine.Restore;

/// <summary>Reads the restored units back from the target and compares their digests with the captured ones.</summary>
internal sealed class ReadBack
{
    private readonly List<string> differing = [];
    private long differences;

    /// <summary>Threads that stand in the target as captured.</summary>
    public long Threads { get; private set; }

    /// <summary>Threads that others changed meanwhile; online restores only.</summary>
    public List<string> Concurrent { get; } = [];

    /// <summary>Compares.</summary>
    public static async Task<ReadBack> RunAsync(OpenedArchive archive, RestoreSelection selection, RestoreRequest request, TargetScan scan, ITargetSession session, CancellationToken cancellation)
    {
        var result = new ReadBack();
        await using var now = await session.ReadAsync(cancellation);
        await WindowQueue.RunAsync(selection.WindowsAsync(cancellation), session.MaxLoaders, async (queue, token) =>
        {
            using var load = new UnitLoad(archive, selection, request);
            while (await queue.NextAsync() is var (number, units))
            {
                var decisions = scan[number];
                var wanted = units.Where((_, i) => Stands(decisions[i], request.Conflict)).ToList();
                var present = await DigestSink.ReadAsync(now, wanted.Select(selection.Target).ToList(), token);
                foreach (var entry in wanted)
                {
                    var unit = selection.Target(entry);
                    var expected = await load.ExpectedAsync(entry, token);
                    result.Count(unit, present.TryGetValue(unit, out var digest) && digest.Equals(expected), request.Online);
                }
            }
        }, cancellation);
        if (session.Fresh && !request.Online) await result.CountExtrasAsync(now, scan, selection, cancellation);
        return result;
    }

    /// <exception cref="BackupException">Differs: the target does not hold what was captured.</exception>
    public void EnsureExact(string target)
    {
        if (differences == 0) return;
        throw new BackupException(ErrorKind.Differs, $"{differences} threads in '{target}' are not what was captured: {string.Join(", ", differing.Take(5).Select(t => $"'{t}'"))}",
            "The restore was not called done. Check that nothing else writes to the target, then run it again; 'backup verify --deep' tells whether the archive is intact.");
    }

    private static bool Stands(Decision decision, ConflictPolicy policy) =>
        decision is Decision.Load or Decision.Unchanged or Decision.Earlier || (decision == Decision.Conflict && policy == ConflictPolicy.Overwrite);

    private void Count(UnitId unit, bool same, bool online)
    {
        lock (differing)
        {
            if (same && unit.Kind == UnitKind.Thread) Threads++;
            if (same) return;
            if (online) { Concurrent.Add(unit.Id); return; }
            differences++;
            if (differing.Count < Finding.MaxThreads) differing.Add(unit.Id);
        }
    }

    // Into an empty target nothing may have come but what was restored.
    private async Task CountExtrasAsync(ISourceCut now, TargetScan scan, RestoreSelection selection, CancellationToken cancellation)
    {
        long present = 0, expected = 0;
        await foreach (var unit in now.ListAsync(cancellation))
            if (unit.Kind == UnitKind.Thread) present++;
        var number = 0;
        await foreach (var window in selection.WindowsAsync(cancellation))
        {
            var decisions = scan[number++];
            expected += window.Where((entry, i) => decisions[i] == Decision.Load && selection.Target(entry).Kind == UnitKind.Thread).LongCount();
        }
        if (present <= expected) return;
        differences += present - expected;
        differing.Add($"{present - expected} threads that were not restored");
    }
}
