using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;
using Backup.Storage;

namespace Backup.Archive.Catalog;

/// <summary>One seal with the digest of its object.</summary>
/// <param name="Seal">The content.</param>
/// <param name="Digest">Name, size and SHA-256 of the object.</param>
public sealed record SealLink(Seal Seal, ObjectDigest Digest)
{
    /// <summary>When the storage says it was created.</summary>
    public DateTimeOffset Created { get; init; }
}

/// <summary>The chain of seals as it was listed: what this archive consists of, and what is wrong with the chain itself.</summary>
public sealed class SealChain
{
    private SealChain(IReadOnlyList<SealLink> links, IReadOnlyList<DamageException> problems)
    {
        Links = links;
        Problems = problems;
        var named = links.SelectMany(l => l.Seal.Previous).Select(p => p.Object).ToHashSet();
        Heads = links.Where(l => !named.Contains(l.Digest.Object)).Select(l => l.Digest).ToList();
        Removed = links.SelectMany(l => l.Seal.Removal?.Backups ?? []).ToHashSet();
    }

    /// <summary>Every seal that can be read, in order.</summary>
    public IReadOnlyList<SealLink> Links { get; }

    /// <summary>Seals without successor: normally the newest alone.</summary>
    public IReadOnlyList<ObjectDigest> Heads { get; }

    /// <summary>Backups removed on purpose.</summary>
    public IReadOnlySet<string> Removed { get; }

    /// <summary>Seals that are damaged or missing.</summary>
    public IReadOnlyList<DamageException> Problems { get; }

    /// <summary>True when a seal names a manifest of the run.</summary>
    public bool IsSealed(string run) => Links.Any(link => link.Seal.Manifest is not null && link.Seal.Run == run);

    /// <summary>Lists every seal, reads those that were not read yet, and checks how they hang together.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <param name="anew">Read every one again, to see that it is still what was written.</param>
    public static async Task<SealChain> LoadAsync(OpenedArchive archive, CancellationToken cancellation, bool anew = false)
    {
        var listed = await archive.Storage.ListAsync(ObjectNames.Seals, cancellation).ToListAsync(cancellation);
        if (!anew && listed.Count(item => !archive.Seals.ContainsKey(item.Name)) >= SealPages.Width) await SealPages.RecallAsync(archive, cancellation);
        var read = new (SealLink? Link, DamageException? Damage)[listed.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, listed.Count), Abreast(cancellation), async (i, token) => read[i] = await ReadAsync(archive, listed[i], anew, token));
        var links = read.Select(r => r.Link).OfType<SealLink>().ToList();
        var problems = read.Select(r => r.Damage).OfType<DamageException>().ToList();
        CheckPredecessors(links, problems);
        return new(links, problems);
    }

    /// <summary>How many seals or pages are read at a time: storage far away answers late.</summary>
    internal static ParallelOptions Abreast(CancellationToken cancellation) => new() { MaxDegreeOfParallelism = 16, CancellationToken = cancellation };

    private static async ValueTask<(SealLink? Link, DamageException? Damage)> ReadAsync(OpenedArchive archive, StoredObject item, bool anew, CancellationToken cancellation)
    {
        if (!anew && archive.Seals.TryGetValue(item.Name, out var known) && known.Digest.Size == item.Size) return (known with { Created = item.Created }, null);
        try
        {
            var (seal, digest) = await SealedDocument.GetAsync<Seal>(archive, ObjectKind.Seal, item.Name, cancellation);
            if (item.Name != ObjectNames.Seal(seal.Sequence, new(seal.Run))) throw new DamageException(item.Name, 0, "it is the seal of another place in the chain");
            return (archive.Seals[item.Name] = new(seal, digest) { Created = item.Created }, null);
        }
        catch (DamageException damage)
        {
            return (null, damage);
        }
    }

    /// <summary>Appends the seal of a backup, or of a removal, behind the present heads.</summary>
    public static Task<SealLink> AppendAsync(OpenedArchive archive, RunId run, TimeProvider time, ObjectDigest? manifest, Removal? removal, CancellationToken cancellation, Supersession? supersedes = null) =>
        AppendAsync(archive, run, seal => seal with { SealedAt = time.GetUtcNow(), Manifest = manifest, Removal = removal, Supersedes = supersedes }, cancellation);

    /// <summary>Appends the seal of a cut vector.</summary>
    public static Task<SealLink> AppendAsync(OpenedArchive archive, RunId run, TimeProvider time, CutVectorRecord vector, CancellationToken cancellation) =>
        AppendAsync(archive, run, seal => seal with { SealedAt = time.GetUtcNow(), Vector = vector }, cancellation);

    private static async Task<SealLink> AppendAsync(OpenedArchive archive, RunId run, Func<Seal, Seal> content, CancellationToken cancellation)
    {
        var chain = await LoadAsync(archive, cancellation);
        if (chain.Problems.Count > 0) throw chain.Problems[0];
        var heads = chain.Links.Where(l => chain.Heads.Contains(l.Digest)).ToList();
        var seal = content(new() { Sequence = 1 + heads.Select(h => h.Seal.Sequence).DefaultIfEmpty(0).Max(), Run = run.Value, SealedAt = default, Previous = chain.Heads });
        if (seal.Manifest is not null && chain.Removed.Contains(run.Value))
            throw new BackupException(ErrorKind.Conflict, $"run {run} must not be sealed: what it wrote is being collected", "Nothing of this attempt is visible. Run the backup again.");
        await SealPages.KeepAsync(archive, chain, seal.Sequence, cancellation);
        return new(seal, await SealedDocument.PutAsync(archive, ObjectKind.Seal, ObjectNames.Seal(seal.Sequence, run), seal, cancellation));
    }

    private static void CheckPredecessors(List<SealLink> links, List<DamageException> problems)
    {
        var byName = links.ToDictionary(l => l.Digest.Object, l => l);
        var reported = problems.Select(p => p.ObjectName).ToHashSet();
        foreach (var link in links)
        {
            foreach (var previous in link.Seal.Previous)
            {
                if (!byName.TryGetValue(previous.Object, out var found))
                {
                    if (reported.Add(previous.Object)) problems.Add(new(previous.Object, 0, $"it is missing; {link.Digest.Object} follows it"));
                }
                else if (!found.Digest.Sha256.AsSpan().SequenceEqual(previous.Sha256) && reported.Add(previous.Object))
                {
                    problems.Add(new(previous.Object, 0, $"it is not the seal that {link.Digest.Object} follows"));
                }
            }
        }
    }
}
