using System.Runtime.CompilerServices;
using Backup.Archive;
using Backup.Archive.Chains;
using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Units;

namespace Backup.Engine.Restore;

/// <summary>Which units of a backup a restore is about, in windows small enough to be held, always in the same order.</summary>
internal sealed class RestoreSelection(OpenedArchive archive, BackupChain chain, RestoreRequest request)
{
    private const int WindowUnits = 256;
    private const long WindowBytes = 32L << 20;
    private IReadOnlyList<UnitEntry>? named; // found once, though the selection is gone through several times

    /// <summary>The backup and those it builds on.</summary>
    public BackupChain Chain => chain;

    /// <summary>The backup.</summary>
    public BackupManifest Manifest => chain.Newest;

    /// <summary>True when the whole store is restored, long-term memory included.</summary>
    public bool IsWhole => request.Threads is null && request.Namespace is null;

    /// <summary>Under which id a unit stands in the target.</summary>
    public UnitId Target(UnitEntry entry) => request.NewThreadId is { } id ? UnitId.Thread(id) : UnitKey.Read(entry.Key);

    /// <summary>The selected units.</summary>
    /// <exception cref="BackupException">NotFound: a named thread is not in the backup.</exception>
    public async IAsyncEnumerable<IReadOnlyList<UnitEntry>> WindowsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var window = new List<UnitEntry>();
        long bytes = 0;
        await foreach (var entry in request.Threads is null ? AllAsync(cancellation) : NamedAsync(request.Threads, cancellation))
        {
            if (window.Count > 0 && (window.Count == WindowUnits || bytes + entry.RawBytes > WindowBytes))
            {
                yield return window;
                window = [];
                bytes = 0;
            }
            window.Add(entry);
            bytes += entry.RawBytes;
        }
        if (window.Count > 0) yield return window;
    }

    /// <summary>True when the backup holds a unit.</summary>
    public async Task<bool> HoldsAsync(UnitId unit, ChainIndex index, CancellationToken cancellation) =>
        await index.FindAsync(UnitKey.Of(unit), cancellation) is not null;

    private async IAsyncEnumerable<UnitEntry> AllAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var index = new ChainIndex(archive, chain);
        var newer = NewerMembers();
        await foreach (var entry in index.ReadAllAsync(cancellation))
            if (entry.Member < newer && (request.Namespace is null || entry.Key[0] == (byte)UnitKind.Thread))
                yield return entry;
    }

    // How many members of the chain lie above the backup that the target holds; all, where that is inside of a derived one or in another chain.
    private int NewerMembers() => chain.Members.TakeWhile(m => request.Since is null || (m.BackupId != request.Since && m.Derived?.BackupId != request.Since)).Count();

    private async IAsyncEnumerable<UnitEntry> NamedAsync(IReadOnlyList<string> threads, [EnumeratorCancellation] CancellationToken cancellation)
    {
        named ??= await FindAsync(threads, cancellation);
        foreach (var entry in named) yield return entry;
    }

    private async Task<IReadOnlyList<UnitEntry>> FindAsync(IReadOnlyList<string> threads, CancellationToken cancellation)
    {
        using var index = new ChainIndex(archive, chain);
        var keys = threads.Distinct(StringComparer.Ordinal).Select(t => UnitKey.Of(UnitId.Thread(t))).ToList();
        keys.Sort((a, b) => a.AsSpan().SequenceCompareTo(b));
        var entries = new List<UnitEntry>();
        foreach (var key in keys)
        {
            entries.Add(await index.FindAsync(key, cancellation) ?? throw new BackupException(ErrorKind.NotFound,
                $"thread '{UnitKey.Read(key).Id}' is not in backup {Manifest.BackupId}",
                $"Nothing was changed. 'backup thread list --source {Manifest.Source.Name}' shows the threads that are."));
        }
        return entries;
    }
}
