using Backup.Archive.Objects;
using Backup.Contracts;

namespace Backup.Archive.Catalog;

/// <summary>
/// Remembers outside the archive which seals this machine saw last. The chain notices every seal taken away but the
/// newest; those only a memory of them can miss.
/// </summary>
/// <param name="folder">Folder for one small file per archive.</param>
public sealed class LastSeen(string folder)
{
    /// <summary>Compares with what was seen last; returns what is gone.</summary>
    public IReadOnlyList<DamageException> Check(OpenedArchive archive, SealChain chain)
    {
        var path = PathOf(archive);
        if (!File.Exists(path)) return [];
        LastSeenRecord record;
        try
        {
            record = ArchiveJson.Parse<LastSeenRecord>(path, CheckedText.Unwrap(path, File.ReadAllBytes(path)));
        }
        catch (DamageException damage)
        {
            throw new BackupException(ErrorKind.Failed, $"the record of what was last seen of this archive is not readable: {damage.Problem}",
                $"The archive itself was not judged. Remove {path} to start a new record, if you trust the archive.");
        }
        var present = chain.Links.ToDictionary(l => l.Digest.Object, l => l.Digest);
        var damaged = chain.Problems.Select(p => p.ObjectName).ToHashSet();
        var hint = $"Backups that are there can be restored by their id (--backup). Bring back what is missing from a replica; if this older state is meant, remove {path}.";
        return record.Heads.Where(h => !damaged.Contains(h.Object))
            .Where(h => !present.TryGetValue(h.Object, out var now) || !now.Sha256.AsSpan().SequenceEqual(h.Sha256))
            .Select(h => new DamageException(h.Object, 0, present.ContainsKey(h.Object)
                ? "it is not the seal that was seen here before" : "it was seen here before and is missing: the archive was rolled back", hint))
            .ToList();
    }

    /// <summary>Remembers the heads of a chain that was found whole.</summary>
    public void Remember(OpenedArchive archive, SealChain chain)
    {
        if (chain.Problems.Count > 0 || Check(archive, chain).Count > 0) return;
        var path = PathOf(archive);
        Directory.CreateDirectory(folder);
        var temporary = $"{path}.{Randomness.Token(8)}";
        File.WriteAllBytes(temporary, CheckedText.Wrap(ArchiveJson.Bytes(new LastSeenRecord { ArchiveId = archive.Descriptor.ArchiveId, Heads = chain.Heads })));
        File.Move(temporary, path, overwrite: true);
    }

    private string PathOf(OpenedArchive archive) => Path.Combine(folder, archive.Descriptor.ArchiveId);
}
