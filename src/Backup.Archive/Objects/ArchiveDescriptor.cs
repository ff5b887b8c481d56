using System.Security.Cryptography;
using Backup.Contracts;

namespace Backup.Archive.Objects;

/// <summary>The object <c>archive</c>: what makes a folder an archive. Its digest is part of every object key, so no other descriptor opens this archive's data.</summary>
public sealed record ArchiveDescriptor
{
    /// <summary>The version this code writes and reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>Format version.</summary>
    public required int Format { get; init; }
    /// <summary>Random id of the archive, 32 hexadecimal digits.</summary>
    public required string ArchiveId { get; init; }
    /// <summary>When the archive was made.</summary>
    public required DateTimeOffset Created { get; init; }
    /// <summary>How data keys are used: <c>shared</c> (one for all units); <c>subject</c> is reserved for one per subject. Fixed for ever.</summary>
    public required string KeyMode { get; init; }

    /// <summary>The one key mode there is.</summary>
    internal const string SharedKeys = "shared";

    internal byte[] Encode() => CheckedText.Wrap(ArchiveJson.Bytes(this));

    /// <summary>Parses the object and returns its digest with it.</summary>
    /// <exception cref="DamageException">It is not such an object.</exception>
    /// <exception cref="BackupException">Usage: it is of a version this code does not read.</exception>
    internal static (ArchiveDescriptor Descriptor, byte[] Digest) Decode(ReadOnlySpan<byte> bytes)
    {
        var json = CheckedText.Unwrap(ObjectNames.Descriptor, bytes);
        var descriptor = ArchiveJson.Parse<ArchiveDescriptor>(ObjectNames.Descriptor, json);
        if (descriptor.Format > CurrentFormat)
            throw new BackupException(ErrorKind.Usage, $"the archive has format version {descriptor.Format}; this program reads up to {CurrentFormat}",
                "Nothing was read or changed. Use a newer version of this program.");
        if (descriptor.Format < 1 || descriptor.KeyMode != SharedKeys)
            throw new BackupException(ErrorKind.Usage, $"the archive has format {descriptor.Format} and key mode '{descriptor.KeyMode}', which this program does not know",
                "Nothing was read or changed. Use a newer version of this program.");
        // The id names files of those who remember the archive: it must not lead anywhere else.
        if (descriptor.ArchiveId.Length != 32 || !descriptor.ArchiveId.All(char.IsAsciiHexDigitLower))
            throw new DamageException(ObjectNames.Descriptor, 0, "the archive's id is not 32 hexadecimal digits");
        return (descriptor, SHA256.HashData(bytes));
    }
}
