using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Units;

/// <summary>Writes when units go by themselves, a page at a time.</summary>
/// <param name="archive">Where.</param>
/// <param name="run">Whose pages they are.</param>
public sealed class ExpiryWriter(OpenedArchive archive, RunId run)
{
    // Of keys, so that the text of a page stays below what a document may be, however well it compresses.
    private const int PageBytes = 256 << 10;
    private const int PageUnits = 5000;
    private readonly string attempt = Randomness.Token(8);
    private readonly List<ExpiryPageReference> pages = [];
    private readonly List<ExpiryEntry> page = [];
    private long units;
    private int bytes;

    /// <summary>Takes the next unit; keys ascend.</summary>
    public async ValueTask AddAsync(byte[] key, DateTimeOffset at, CancellationToken cancellation)
    {
        if (page.Count > 0 && (page.Count == PageUnits || bytes + key.Length > PageBytes)) await WriteAsync(cancellation);
        page.Add(new(key, at));
        bytes += key.Length;
        units++;
    }

    /// <summary>Writes what is left.</summary>
    public async Task<ExpiryReference> FinishAsync(CancellationToken cancellation)
    {
        if (page.Count > 0) await WriteAsync(cancellation);
        return new(units, pages);
    }

    private async Task WriteAsync(CancellationToken cancellation)
    {
        var name = ObjectNames.Expiries(run, attempt, pages.Count);
        await SealedDocument.PutAsync(archive, ObjectKind.Expiries, name, new ExpiryPage(page), cancellation);
        pages.Add(new(page[0].Key, name));
        page.Clear();
        bytes = 0;
    }
}
