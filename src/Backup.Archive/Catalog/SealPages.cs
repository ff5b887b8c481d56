using System.Globalization;
using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Catalog;

/// <summary>The pages of an archive: 32 seals in one object, 1,024 in one, 32,768 in one (docs/format.md, Pages of seals).</summary>
public static class SealPages
{
    /// <summary>Seals of the smallest page, and pages of a size in one of the next.</summary>
    public const int Width = 32;

    private const long Widest = Width * Width * Width;
    private const int MostContent = 16 << 20;

    /// <summary>Opens every page and compares it with the seals as they were read; returns what is wrong. No backup is affected by it.</summary>
    public static async Task<IReadOnlyList<DamageException>> CheckAsync(OpenedArchive archive, SealChain chain, CancellationToken cancellation)
    {
        var problems = new List<DamageException>();
        var links = chain.Links.ToDictionary(l => l.Digest.Object, l => l.Digest);
        foreach (var (name, _, _) in await ListAsync(archive, cancellation))
        {
            try
            {
                var page = await ReadAsync(archive, name, cancellation);
                // One that is gone or damaged is a problem of the chain, and told as that.
                if (page.Seals.FirstOrDefault(s => links.TryGetValue(s.Digest.Object, out var read) && !read.Sha256.AsSpan().SequenceEqual(s.Digest.Sha256)) is { } other)
                    throw new DamageException(name, 0, $"it repeats another {other.Digest.Object} than the one that is there");
            }
            catch (DamageException damage)
            {
                problems.Add(damage);
            }
        }
        return problems;
    }

    /// <summary>Takes what the pages repeat for read. A damaged page is passed over: what it repeats is in smaller ones, or read itself.</summary>
    internal static async Task RecallAsync(OpenedArchive archive, CancellationToken cancellation)
    {
        var recalled = new List<(long First, long Last)>();
        foreach (var pages in (await ListAsync(archive, cancellation)).GroupBy(p => p.Last - p.First).OrderByDescending(g => g.Key))
        {
            var missing = pages.Where(p => !recalled.Exists(r => r.First <= p.First && p.Last <= r.Last)).ToList();
            await Parallel.ForEachAsync(missing, SealChain.Abreast(cancellation), async (page, token) =>
            {
                try
                {
                    foreach (var paged in (await ReadAsync(archive, page.Name, token)).Seals) archive.Seals.TryAdd(paged.Digest.Object, new(paged.Seal, paged.Digest));
                    lock (recalled) recalled.Add((page.First, page.Last));
                }
                catch (DamageException)
                {
                    // 'verify' names it.
                }
            });
        }
    }

    /// <summary>Writes the page that is full once the next seal has <paramref name="sequence"/>, if one is.</summary>
    internal static async Task KeepAsync(OpenedArchive archive, SealChain chain, long sequence, CancellationToken cancellation)
    {
        var last = sequence - 1;
        long width = 0;
        for (long wider = Width; wider <= Widest && last % wider == 0; wider *= Width) width = wider;
        if (last < 1 || width == 0) return;
        var first = last - width + 1;
        var page = new SealPage { Seals = [.. chain.Links.Where(l => l.Seal.Sequence >= first && l.Seal.Sequence <= last).Select(l => new PagedSeal(l.Digest, l.Seal))] };
        // A removal may name any number of backups; then the smaller pages have to do.
        if (ArchiveJson.Bytes(page).Length > MostContent) return;
        await SealedDocument.PutAsync(archive, ObjectKind.SealPage, ObjectNames.Page(first, last, Randomness.Token(8)), page, cancellation);
    }

    private static async Task<SealPage> ReadAsync(OpenedArchive archive, string name, CancellationToken cancellation) =>
        (await SealedDocument.GetAsync<SealPage>(archive, ObjectKind.SealPage, name, cancellation)).Value;

    private static async Task<List<(string Name, long First, long Last)>> ListAsync(OpenedArchive archive, CancellationToken cancellation)
    {
        var pages = new List<(string, long, long)>();
        await foreach (var item in archive.Storage.ListAsync(ObjectNames.Pages, cancellation))
        {
            var parts = item.Name[ObjectNames.Pages.Length..].Split('-');
            // What is named otherwise is no page.
            if (parts.Length == 3 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first) && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var last))
                pages.Add((item.Name, first, last));
        }
        return pages;
    }
}
