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
    private IReadOnlyList<UnitEntry>? found; // of what is named or changed: once, though the selection is gone through several times

    /// <summary>The backup and those it builds on.</summary>
    public BackupChain Chain => chain;

    /// <summary>The backup.</summary>
    public BackupManifest Manifest => chain.Newest;

    /// <summary>True when the whole store is restored, long-term memory included.</summary>
    public bool IsWhole => request.Threads is null && request.Namespace is null;

    /// <summary>Units that went since the backup the target holds, once the windows were gone through; null where everything is compared.</summary>
    public IReadOnlyList<UnitId>? Gone { get; private set; }

    /// <summary>Under which id a unit stands in the target.</summary>
    public UnitId Target(UnitEntry entry) => request.NewThreadId is { } id ? UnitId.Thread(id) : UnitKey.Read(entry.Key);

    /// <summary>The selected units.</summary>
    /// <exception cref="BackupException">NotFound: a named thread is not in the backup.</exception>
    public async IAsyncEnumerable<IReadOnlyList<UnitEntry>> WindowsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var window = new List<UnitEntry>();
        long bytes = 0;
        if (request.Threads is not null) found ??= await FindAsync(request.Threads, cancellation);
        else if (NewerMembers() is { } newer) found ??= await FindChangedAsync(newer, cancellation);
        await foreach (var entry in found?.ToAsyncEnumerable() ?? AllAsync(cancellation))
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
        await foreach (var entry in index.ReadAllAsync(cancellation))
            if (request.Namespace is null || entry.Key[0] == (byte)UnitKind.Thread)
                yield return entry;
    }

    // The members of the chain that lie above the backup which the target holds; null where there is none, or the chain does not lead there.
    private List<BackupManifest>? NewerMembers()
    {
        if (request.Since is not { } since) return null;
        var newer = chain.Members.TakeWhile(m => m.BackupId != since && m.Derived?.BackupId != since).ToList();
        return newer.Count < chain.Members.Count ? newer : null;
    }

    private async Task<IReadOnlyList<UnitEntry>> FindChangedAsync(List<BackupManifest> newer, CancellationToken cancellation)
    {
        var keys = new SortedSet<byte[]>(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));
        foreach (var member in newer)
        {
            using var reader = new IndexReader(archive, member.Index);
            await foreach (var entry in reader.ReadAllAsync(cancellation)) keys.Add(entry.Key);
        }
        using var index = new ChainIndex(archive, chain);
        var entries = new List<UnitEntry>();
        var gone = new List<UnitId>();
        foreach (var key in keys)
        {
            if (await index.FindAsync(key, cancellation) is { } entry) entries.Add(entry);
            else gone.Add(UnitKey.Read(key));
        }
        Gone = gone;
        return entries;
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
