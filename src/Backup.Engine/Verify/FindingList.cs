using Backup.Archive.Objects;
using Backup.Contracts;

namespace Backup.Engine.Verify;

/// <summary>Collects findings; what hits the same place of the same object is one finding.</summary>
internal sealed class FindingList
{
    private readonly Dictionary<(string Object, long Offset, string Problem), Finding> findings = [];

    /// <summary>The findings, by object and offset.</summary>
    public IReadOnlyList<Finding> All => findings.Values.OrderBy(f => f.Object, StringComparer.Ordinal).ThenBy(f => f.Offset).ToList();

    /// <summary>Adds damage.</summary>
    /// <param name="damage">Where and what.</param>
    /// <param name="backupId">The backup, or null for the archive itself.</param>
    /// <param name="threads">Threads that cannot be restored because of it.</param>
    /// <param name="count">How many those are when they cannot be listed; -1 when it is unknown.</param>
    public void Add(DamageException damage, string? backupId, IReadOnlyCollection<string> threads, long? count = null) =>
        Add(damage.ObjectName, damage.Offset, damage.Problem, backupId, threads, count ?? threads.Count,
            "Restore this object from a replica. Every thread not listed can still be restored from this backup.");

    /// <summary>Adds what another list holds.</summary>
    public void AddAll(FindingList other)
    {
        foreach (var f in other.findings.Values) Add(f.Object, f.Offset, f.Problem, f.BackupId, f.Threads, f.ThreadCount, f.Advice ?? "");
    }

    /// <summary>Adds what was found in derived backups: what they were made of is there, so no thread is lost with their own objects.</summary>
    public void AddDerived(FindingList other)
    {
        foreach (var f in other.findings.Values)
        {
            if (ObjectNames.RunOf(f.Object) is { Value: var run } && run == f.BackupId)
                Add(f.Object, f.Offset, f.Problem, f.BackupId, [], 0, "No thread is affected: what this backup was made of is read in its place. Restore the object from a replica.");
            else if (!findings.ContainsKey((f.Object, f.Offset, f.Problem)))
                Add(f.Object, f.Offset, f.Problem, f.BackupId, f.Threads, f.ThreadCount, f.Advice ?? "");
        }
    }

    /// <summary>Adds a finding.</summary>
    public void Add(string name, long offset, string problem, string? backupId, IReadOnlyCollection<string> threads, long count, string advice)
    {
        var key = (name, offset, problem);
        findings.TryGetValue(key, out var before);
        findings[key] = new()
        {
            Object = name, Offset = offset, Problem = problem, BackupId = backupId, Advice = advice,
            Threads = [.. (before?.Threads ?? []).Concat(threads).Distinct().Take(Finding.MaxThreads)],
            ThreadCount = count < 0 || before?.ThreadCount < 0 ? -1 : (before?.ThreadCount ?? 0) + count,
        };
    }
}
