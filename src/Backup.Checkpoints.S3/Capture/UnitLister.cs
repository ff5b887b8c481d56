using System.Runtime.CompilerServices;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.S3.Layouts;
using Backup.Contracts;

namespace Backup.Checkpoints.S3.Capture;

/// <summary>Lists the heads of units below a root: the store's, or what a restore has put aside.</summary>
internal sealed class UnitLister(S3StoreOptions store, S3Bucket bucket, string root)
{
    /// <summary>The newest head of a unit; null when it was never there.</summary>
    public async Task<UnitHead?> FindAsync(UnitId unit, CancellationToken cancellation)
    {
        UnitHead? newest = null;
        foreach (var found in await bucket.ListAllAsync(root + StoreKeys.Place(unit), cancellation))
            if (UnitHead.Read(unit, root, found.Key[(found.Key.LastIndexOf('/') + 1)..]) is { } head && head.Number >= (newest?.Number ?? 0)) newest = head;
        return newest;
    }

    /// <summary>
    /// The newest head of every unit of a kind, deleted ones too, ordered as <see cref="UnitId"/> orders.
    /// A listing shows the marker of a unit whatever happens to its heads meanwhile; when it shows no head, the unit is looked at alone.
    /// </summary>
    /// <param name="kind">The kind.</param>
    /// <param name="from">First id, or null for the beginning.</param>
    /// <param name="to">First id behind, or null for the end.</param>
    /// <param name="cancellation">Cancels.</param>
    public async IAsyncEnumerable<UnitHead> ListAsync(UnitKind kind, string? from, string? to, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var shared = new List<UnitHead>();
        string? start = null;
        await foreach (var (name, text) in NamesAsync(kind, from, cancellation))
        {
            if (shared.Count > 0 && (!UnitName.IsHashed(name) || UnitName.SharedStart(name) != start))
            {
                foreach (var head in InOrder(shared)) yield return head;
                shared.Clear();
            }
            var place = StoreKeys.Place(kind, name);
            var id = UnitName.IdOf(name) ?? (UnitName.IsHashed(name) ? await ReadIdAsync(place, cancellation) : null);
            if (id is null || UnitName.Of(id) != name) throw Damaged($"{root}{place} is no place of a unit");
            if (to is not null && Utf8Order.Compare(id, to) >= 0)
            {
                if (UnitName.IsHashed(name)) continue;
                break;
            }
            if (from is not null && Utf8Order.Compare(id, from) < 0) continue;
            var unit = new UnitId(kind, id);
            if (((text is null ? null : UnitHead.Read(unit, root, text)) ?? await LookAsync(unit, place, cancellation)) is not { } listed) continue;
            if (!UnitName.IsHashed(name))
            {
                yield return listed;
                continue;
            }
            start = UnitName.SharedStart(name);
            shared.Add(listed);
        }
        foreach (var head in InOrder(shared)) yield return head;
    }

    private static IEnumerable<UnitHead> InOrder(IEnumerable<UnitHead> heads) => heads.OrderBy(h => h.Unit).ToList();

    // Each name with the last of its heads, which is the newest.
    private async IAsyncEnumerable<(string Name, string? Head)> NamesAsync(UnitKind kind, string? from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var folder = $"{root}{UnitName.Folder(kind)}/";
        (string Name, string? Head)? current = null;
        await foreach (var found in bucket.ListAsync(folder, from is null ? null : folder + UnitName.StartOf(from), cancellation))
        {
            if (found.Key[folder.Length..].Split("!/") is not [var name, var text]) throw Damaged($"{found.Key} is no key of the layout");
            if (current is { } before && before.Name != name) yield return before;
            current = (name, text == "+" ? current?.Name == name ? current.Value.Head : null : text);
        }
        if (current is { } last) yield return last;
    }

    private async Task<UnitHead?> LookAsync(UnitId unit, string place, CancellationToken cancellation)
    {
        if (await FindAsync(unit, cancellation) is { } head) return head;
        // Its first change is being made, or was never finished.
        var log = await bucket.ListAllAsync($"log/{place}", cancellation);
        return log.TrueForAll(e => e.Key.EndsWith("/0000000001", StringComparison.Ordinal)) ? await FindAsync(unit, cancellation)
            : throw Damaged($"the head of {unit} is gone, and {log[^1].Key} is there");
    }

    private async Task<string?> ReadIdAsync(string place, CancellationToken cancellation) =>
        await bucket.GetAsync(StoreKeys.Marker(root, place), cancellation) is { } bytes ? System.Text.Encoding.UTF8.GetString(bytes) : null;

    private BackupException Damaged(string what) => new(ErrorKind.Failed, $"'{store.Name}' is not whole: {what}",
        "Nothing of this run is visible, and nothing is taken for deleted. Objects were removed or written by something else (docs/s3.md): restore the latest backup.");
}
