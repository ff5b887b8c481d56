using System.Text.Json;
using System.Text.Json.Serialization;

namespace Backup.Archive.Objects;

/// <summary>
/// The object <c>pages/FIRST-LAST-ATTEMPT</c>: repeats seals, so that whoever lists thousands of them reads a few objects. It says nothing
/// of its own: a seal exists when it is listed, and one that no page repeats is read itself.
/// </summary>
public sealed record SealPage : IJsonOnDeserialized
{
    /// <summary>The seals, each with the digest of its object, in the order of their names.</summary>
    public required IReadOnlyList<PagedSeal> Seals { get; init; }

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Seals.Any(s => s is null || s.Digest.Object != ObjectNames.Seal(s.Seal.Sequence, new(s.Seal.Run)))) throw new JsonException("a seal of the page is not what it should be");
    }
}

/// <summary>A seal as a page repeats it.</summary>
/// <param name="Digest">Name, size and SHA-256 of the seal's object.</param>
/// <param name="Seal">The seal.</param>
public sealed record PagedSeal(ObjectDigest Digest, Seal Seal);
