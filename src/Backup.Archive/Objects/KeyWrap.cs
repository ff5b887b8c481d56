using Backup.Contracts;

namespace Backup.Archive.Objects;

/// <summary>
/// The object <c>keys/KEY-WRAP</c>: a data key sealed under a key file or a passphrase (docs/format.md, Checked text).
/// Several wraps of one data key may stand side by side; deleting one takes that way of opening away.
/// </summary>
public sealed record KeyWrap
{
    /// <summary>Format version of the wrap.</summary>
    public required int Format { get; init; }
    /// <summary>Id of the data key, 32 hexadecimal digits.</summary>
    public required string KeyId { get; init; }
    /// <summary><c>keyfile</c> or <c>passphrase</c>.</summary>
    public required string Kind { get; init; }
    /// <summary>Salt of the wrapping key, 32 bytes.</summary>
    public required byte[] Salt { get; init; }
    /// <summary>Argon2id memory in KiB; passphrases only.</summary>
    public int? MemoryKiB { get; init; }
    /// <summary>Argon2id passes; passphrases only.</summary>
    public int? Passes { get; init; }
    /// <summary>Argon2id lanes; passphrases only.</summary>
    public int? Lanes { get; init; }
    /// <summary>16 bytes derived from the wrapping key: tells a wrong key from a damaged wrap.</summary>
    public required byte[] Check { get; init; }
    /// <summary>AES-256-GCM nonce of 12 bytes, the data key's 32 sealed bytes, the tag of 16.</summary>
    public required byte[] Wrapped { get; init; }

    internal byte[] Encode() => CheckedText.Wrap(ArchiveJson.Bytes(this));

    internal static KeyWrap Decode(string name, ReadOnlySpan<byte> bytes)
    {
        var wrap = ArchiveJson.Parse<KeyWrap>(name, CheckedText.Unwrap(name, bytes));
        if (wrap.Format != 1)
            throw new BackupException(ErrorKind.Usage, $"{name} has wrap format {wrap.Format}, which this program does not know", "Use a newer version of this program.");
        if (wrap.Salt.Length != 32 || wrap.Check.Length != 16 || wrap.Wrapped.Length != 60 || wrap.KeyId.Length != 32 || !wrap.KeyId.All(char.IsAsciiHexDigitLower))
            throw new DamageException(name, 0, "a field has the wrong length");
        // Bounds, so that a changed wrap cannot make a reader allocate or spin without end.
        if (wrap.Kind == "passphrase" && (wrap is not { MemoryKiB: <= 256 << 10, Passes: >= 1 and <= 16, Lanes: >= 1 and <= 4 } || wrap.MemoryKiB < 8 * wrap.Lanes))
            throw new DamageException(name, 0, "the cost of its passphrase is out of bounds");
        return wrap;
    }
}
