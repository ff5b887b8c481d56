using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;
using Backup.Storage;

namespace Backup.Archive.Catalog;

/// <summary>
/// The marks of runs that are taken for dead. A mark is never removed. It hides nothing from readers: what is sealed stays visible until a
/// removal says otherwise. But nobody relies on a run that has one: it may not be sealed, reported, or built on.
/// </summary>
public sealed class DeadMarks
{
    private DeadMarks(IReadOnlyDictionary<string, DateTimeOffset> since, IReadOnlyList<DamageException> problems)
    {
        Since = since;
        Problems = problems;
    }

    /// <summary>Since when a run is marked, by the storage's clock: its oldest authentic mark.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Since { get; }

    /// <summary>Marks that are damaged or were not made by a holder of the key. They count for nothing here.</summary>
    public IReadOnlyList<DamageException> Problems { get; }

    /// <summary>Reads every mark.</summary>
    public static async Task<DeadMarks> LoadAsync(OpenedArchive archive, CancellationToken cancellation)
    {
        var since = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var problems = new List<DamageException>();
        await foreach (var item in archive.Storage.ListAsync(ObjectNames.DeadRuns, cancellation))
        {
            try
            {
                var (mark, _) = await SealedDocument.GetAsync<DeadMark>(archive, ObjectKind.Dead, item.Name, cancellation);
                if (!item.Name.StartsWith(ObjectNames.Dead(new(mark.Run)), StringComparison.Ordinal)) throw new DamageException(item.Name, 0, "it is the mark of another run");
                if (!since.TryGetValue(mark.Run, out var before) || item.Created < before) since[mark.Run] = item.Created;
            }
            catch (DamageException damage)
            {
                problems.Add(damage);
            }
        }
        return new(since, problems);
    }

    /// <summary>
    /// True when anything marks the run. A writer asks this, and for it the name is enough: a mark it cannot read may be one that
    /// somebody counts on.
    /// </summary>
    public static async Task<bool> AnyAsync(OpenedArchive archive, RunId run, CancellationToken cancellation) =>
        (await archive.Storage.ListAllAsync(ObjectNames.Dead(run), cancellation)).Count > 0;

    /// <summary>Marks a run whose newest object was created at <paramref name="lastSign"/>. Marks never replace each other.</summary>
    public static Task PutAsync(OpenedArchive archive, RunId run, DateTimeOffset lastSign, TimeProvider time, CancellationToken cancellation) =>
        SealedDocument.PutAsync(archive, ObjectKind.Dead, ObjectNames.DeadMark(run, Randomness.Token(8)),
            new DeadMark { Run = run.Value, LastSign = lastSign, Time = time.GetUtcNow() }, cancellation);
}
