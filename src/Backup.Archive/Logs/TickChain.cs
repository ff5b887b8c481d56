using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;
using Backup.Storage;

namespace Backup.Archive.Logs;

/// <summary>A close marker with the digest of its object.</summary>
/// <param name="Marker">The content.</param>
/// <param name="Digest">Name, size and SHA-256 of the object.</param>
public sealed record Tick(TickMarker Marker, ObjectDigest Digest);

/// <summary>The ticks of a source's log from its beginning to its head, each naming the one before. What is not on the way to the head does not count.</summary>
public sealed class TickChain
{
    private TickChain(IReadOnlyList<Tick> ticks, IReadOnlyList<DamageException> problems)
    {
        Ticks = ticks;
        Problems = problems;
    }

    /// <summary>The ticks, oldest first. Behind a tick that is damaged or missing they go on.</summary>
    public IReadOnlyList<Tick> Ticks { get; }

    /// <summary>Markers that are damaged or missing.</summary>
    public IReadOnlyList<DamageException> Problems { get; }

    /// <summary>The newest tick, or null.</summary>
    public Tick? Head => Ticks.Count > 0 ? Ticks[^1] : null;

    /// <summary>Sources that have a log.</summary>
    public static async Task<IReadOnlyList<string>> SourcesAsync(OpenedArchive archive, CancellationToken cancellation)
    {
        var sources = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var item in archive.Storage.ListAsync(ObjectNames.Logs, cancellation)) sources.Add(item.Name[ObjectNames.Logs.Length..].Split('/')[0]);
        return [.. sources];
    }

    /// <summary>Lists and reads every marker of a source's log.</summary>
    public static async Task<TickChain> LoadAsync(OpenedArchive archive, string source, CancellationToken cancellation)
    {
        var found = new Dictionary<string, Tick>(StringComparer.Ordinal);
        var damaged = new Dictionary<string, DamageException>(StringComparer.Ordinal);
        foreach (var item in await archive.Storage.ListAllAsync(ObjectNames.Ticks(source), cancellation))
        {
            try
            {
                var (marker, digest) = await SealedDocument.GetAsync<TickMarker>(archive, ObjectKind.Tick, item.Name, cancellation);
                if (marker.Source != source || !item.Name.StartsWith(ObjectNames.Tick(source, marker.To, marker.Epoch, ""), StringComparison.Ordinal))
                    throw new DamageException(item.Name, 0, "it is the marker of another tick");
                Check(item.Name, marker);
                found.Add(item.Name, new(marker, digest));
            }
            catch (DamageException damage)
            {
                damaged.Add(item.Name, damage);
            }
        }
        return Link(found, damaged);
    }

    /// <summary>Writes a marker and reads it back: from here on the tick counts.</summary>
    public static async Task<Tick> AppendAsync(OpenedArchive archive, TickMarker marker, CancellationToken cancellation) =>
        new(marker, await SealedDocument.PutAsync(archive, ObjectKind.Tick, ObjectNames.Tick(marker.Source, marker.To, marker.Epoch, Randomness.Token(8)), marker, cancellation));

    // What comes later goes by the commits being in order and in the tick.
    private static void Check(string name, TickMarker marker)
    {
        try
        {
            ulong? last = null;
            foreach (var commit in CommitList.Decode(marker.Commits))
            {
                if (commit.Position < marker.From || commit.Position >= marker.To || commit.Position <= last) throw new FormatException("a commit outside its tick");
                last = commit.Position;
            }
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            throw new DamageException(name, 0, error.Message);
        }
    }

    private static TickChain Link(Dictionary<string, Tick> found, Dictionary<string, DamageException> damaged)
    {
        var problems = damaged.Values.ToList();
        var ticks = new List<Tick>();
        // Who came later went on from what he saw; what an owner before him still closed leads nowhere.
        var tick = found.Values.MaxBy(t => (t.Marker.Epoch, t.Marker.Sequence, t.Digest.Object));
        while (tick is not null)
        {
            ticks.Add(tick);
            if (tick.Marker.Previous is not { } previous) break;
            if (found.TryGetValue(previous.Object, out var before))
            {
                if (!before.Digest.Sha256.AsSpan().SequenceEqual(previous.Sha256)) problems.Add(new(previous.Object, 0, $"it is not the tick that {tick.Digest.Object} follows"));
                if (before.Marker.Sequence < tick.Marker.Sequence)
                {
                    tick = before;
                    continue;
                }
                problems.Add(new(tick.Digest.Object, 0, "it follows a later tick"));
            }
            else if (!damaged.ContainsKey(previous.Object)) problems.Add(new(previous.Object, 0, $"it is missing; {tick.Digest.Object} follows it"));
            var sequence = tick.Marker.Sequence;
            tick = found.Values.Where(t => t.Marker.Sequence < sequence).MaxBy(t => (t.Marker.Sequence, t.Marker.Epoch, t.Digest.Object));
        }
        ticks.Reverse();
        return new(ticks, problems);
    }
}
