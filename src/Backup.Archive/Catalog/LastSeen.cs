using Backup.Archive.Logs;
using Backup.Archive.Objects;
using Backup.Contracts;

namespace Backup.Archive.Catalog;

/// <summary>
/// Remembers outside the archive which seals and which ends of change logs this machine saw last. Chains notice every link taken away
/// but the newest; those only a memory of them can miss.
/// </summary>
/// <param name="folder">Folder for one small file per archive.</param>
public sealed class LastSeen(string folder)
{
    /// <summary>Compares with what was seen last; returns what is gone.</summary>
    public IReadOnlyList<DamageException> Check(OpenedArchive archive, SealChain chain)
    {
        if (Read(archive) is not { } record) return [];
        var present = chain.Links.ToDictionary(l => l.Digest.Object, l => l.Digest);
        var damaged = chain.Problems.Select(p => p.ObjectName).ToHashSet();
        var hint = $"Backups that are there can be restored by their id (--backup). Bring back what is missing from a replica; if this older state is meant, remove {PathOf(archive)}.";
        return record.Heads.Where(h => !damaged.Contains(h.Object))
            .Where(h => !present.TryGetValue(h.Object, out var now) || !now.Sha256.AsSpan().SequenceEqual(h.Sha256))
            .Select(h => new DamageException(h.Object, 0, present.ContainsKey(h.Object)
                ? "it is not the seal that was seen here before" : "it was seen here before and is missing: the archive was rolled back", hint))
            .ToList();
    }

    /// <summary>Compares how far the change logs go with how far they went; returns the ends that are gone.</summary>
    public IReadOnlyList<DamageException> Check(OpenedArchive archive, IReadOnlyDictionary<string, TickChain> logs)
    {
        var hint = $"Moments up to where the log ends now can be recovered. Bring back what is missing from a replica; if this older state is meant, remove {PathOf(archive)}.";
        return (Read(archive)?.Logs ?? []).Where(seen => logs.GetValueOrDefault(seen.Source)?.Head is not { } head || (head.Marker.Epoch, head.Marker.Sequence).CompareTo((seen.Epoch, seen.Sequence)) < 0)
            .Select(seen => new DamageException(seen.Object, 0, $"the change log of '{seen.Source}' went up to it and now ends before: the archive was rolled back", hint))
            .ToList();
    }

    /// <summary>Remembers the heads of a chain that was found whole and, where they were looked at, the ends of logs that were.</summary>
    public void Remember(OpenedArchive archive, SealChain chain, IReadOnlyDictionary<string, TickChain>? logs = null)
    {
        if (chain.Problems.Count > 0 || Check(archive, chain).Count > 0) return;
        var ends = logs?.Where(l => l.Value.Head is not null).Select(l => new LogEnd(l.Key, l.Value.Head!.Marker.Epoch, l.Value.Head.Marker.Sequence, l.Value.Head.Digest.Object)).ToList();
        var path = PathOf(archive);
        Directory.CreateDirectory(folder);
        var temporary = $"{path}.{Randomness.Token(8)}";
        File.WriteAllBytes(temporary, CheckedText.Wrap(ArchiveJson.Bytes(new LastSeenRecord { ArchiveId = archive.Descriptor.ArchiveId, Heads = chain.Heads, Logs = ends ?? Read(archive)?.Logs ?? [] })));
        File.Move(temporary, path, overwrite: true);
    }

    private LastSeenRecord? Read(OpenedArchive archive)
    {
        var path = PathOf(archive);
        if (!File.Exists(path)) return null;
        try
        {
            return ArchiveJson.Parse<LastSeenRecord>(path, CheckedText.Unwrap(path, File.ReadAllBytes(path)));
        }
        catch (DamageException damage)
        {
            throw new BackupException(ErrorKind.Failed, $"the record of what was last seen of this archive is not readable: {damage.Problem}",
                $"The archive itself was not judged. Remove {path} to start a new record, if you trust the archive.");
        }
    }

    private string PathOf(OpenedArchive archive) => Path.Combine(folder, archive.Descriptor.ArchiveId);
}
