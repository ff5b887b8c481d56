using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Engine.Units;
using Backup.Storage;

namespace Backup.Engine.Verify;

/// <summary>Checks that every object of a backup is there with its size; the data itself is not read.</summary>
internal sealed class QuickCheck(OpenedArchive archive, BackupManifest manifest, FindingList findings)
{
    /// <summary>Checks and returns the number of objects; with <paramref name="digests"/> the run's working objects are read too.</summary>
    public async Task<long> RunAsync(bool digests, CancellationToken cancellation)
    {
        var sizes = new Dictionary<string, long>();
        await foreach (var item in archive.Storage.ListAsync(ObjectNames.Run(new(manifest.BackupId)), cancellation)) sizes[item.Name] = item.Size;
        for (var i = 0; i < manifest.Segments.Count; i++)
        {
            var segment = manifest.Segments[i];
            if (Problem(sizes, segment.Name, segment.Size) is { } damage)
                findings.Add(damage, manifest.BackupId, await ThreadsOfAsync(i, damage.Offset, cancellation));
        }
        if (Problem(sizes, manifest.Index.Object.Name, manifest.Index.Object.Size) is { } lost)
            findings.Add(lost, manifest.BackupId, [], manifest.Totals.Threads);
        foreach (var working in manifest.Working)
        {
            var damage = Problem(sizes, working.Object, working.Size) ?? (digests ? await CompareAsync(working, cancellation) : null);
            if (damage is not null)
                findings.Add(working.Object, damage.Offset, damage.Problem, manifest.BackupId, [], 0, manifest.Expiries?.Pages.Any(p => p.Object == working.Object) == true ? "It says when threads expire. 'backup restore --expiry none' restores them all without it; else restore it from a replica."
                        : "No thread is affected: this object is not needed to restore. Restore it from a replica.");
        }
        return manifest.Segments.Count + 1 + manifest.Working.Count + 2;
    }

    private static DamageException? Problem(Dictionary<string, long> sizes, string name, long size) =>
        !sizes.TryGetValue(name, out var found) ? new(name, 0, "it is missing")
        : found != size ? new(name, Math.Min(found, size), $"it has {found} bytes where {size} were written")
        : null;

    private async Task<DamageException?> CompareAsync(ObjectDigest expected, CancellationToken cancellation)
    {
        try
        {
            var found = await ObjectDigests.ComputeAsync(archive.Storage, expected.Object, cancellation);
            return found.Sha256.AsSpan().SequenceEqual(expected.Sha256) ? null : new(expected.Object, 0, "it is not what was written");
        }
        catch (ObjectNotFoundException)
        {
            return new(expected.Object, 0, "it is missing");
        }
    }

    // Only looked up when something is wrong, so that the finding can say what is lost.
    private async Task<IReadOnlyCollection<string>> ThreadsOfAsync(int segment, long from, CancellationToken cancellation)
    {
        var threads = new List<string>();
        try
        {
            using var index = new IndexReader(archive, manifest.Index);
            await foreach (var entry in index.ReadAllAsync(cancellation))
                if (entry.Pieces.Any(p => p.Segment == segment && p.Offset + p.Length > from)) threads.Add(UnitKey.Read(entry.Key).ToString());
        }
        catch (DamageException)
        {
            // The index is damaged too and has a finding of its own.
        }
        return threads;
    }
}
