using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Backup.Contracts;
using Backup.Storage;

namespace Backup.Archive.Objects;

/// <summary>
/// The object <c>seals/SEQUENCE-RUN</c>: a link of the chain that says what this archive consists of. Each names the
/// digest of what it seals and of every seal that had no successor when it was written, so that a seal taken away is missed by the next.
/// </summary>
public sealed record Seal : IJsonOnDeserialized
{
    /// <summary>Position in the chain: 1 + the highest among <see cref="Previous"/>.</summary>
    public required long Sequence { get; init; }
    /// <summary>The run that wrote it.</summary>
    public required string Run { get; init; }
    /// <summary>When, by the writer's clock.</summary>
    public required DateTimeOffset SealedAt { get; init; }
    /// <summary>The seals before it, normally one; two when two runs sealed at once; none for the first.</summary>
    public required IReadOnlyList<ObjectDigest> Previous { get; init; }
    /// <summary>The manifest sealed, or null in a removal.</summary>
    public ObjectDigest? Manifest { get; init; }
    /// <summary>Says that what is sealed may be read in place of another backup; null for a backup of its own.</summary>
    public Supersession? Supersedes { get; init; }
    /// <summary>The cuts of several sources that belong together, or null.</summary>
    public CutVectorRecord? Vector { get; init; }
    /// <summary>The backups that are removed on purpose from here on, or null.</summary>
    public Removal? Removal { get; init; }

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Supersedes is not null && (Manifest is null || !RunId.IsValid(Supersedes.BackupId) || Supersedes.Layers < 1)) throw new JsonException("it supersedes what is no backup");
        if (Sequence < 1 || !RunId.IsValid(Run) || Previous.Contains(null!) || Removal?.Backups.Contains(null!) == true)
            throw new JsonException("a member of the seal is not what it should be");
    }
}

/// <summary>Declares a derived backup equal to the one it was made of.</summary>
/// <param name="BackupId">Id of that backup.</param>
/// <param name="Layers">Members of the chain that the backup is then read through, as it was when this was sealed.</param>
public sealed record Supersession(string BackupId, int Layers);

/// <summary>An object by name, size and SHA-256 of its stored bytes.</summary>
/// <param name="Object">Name in the archive.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="Sha256">SHA-256 of the stored bytes.</param>
public sealed record ObjectDigest(string Object, long Size, byte[] Sha256) : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized()
    {
        if (!ObjectName.IsValid(Object) || Size is < 0 or > ObjectReference.MaxSize || Sha256.Length != SHA256.HashSizeInBytes)
            throw new JsonException("the digest of an object is not one");
    }
}

/// <summary>Says that absence of these backups' objects is no damage from here on.</summary>
/// <param name="Backups">Ids of the backups.</param>
/// <param name="Reason">Why: retention, erasure, an operator's word.</param>
public sealed record Removal(IReadOnlyList<string> Backups, string Reason);
