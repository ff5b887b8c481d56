using System.Text;
using Backup.Archive.Objects;
using Konscious.Security.Cryptography;

namespace Backup.Archive.Keys;

/// <summary>A passphrase, stretched by Argon2id.</summary>
public sealed class PassphraseKey(string passphrase) : IWrappingKey
{
    /// <inheritdoc/>
    public string Kind => "passphrase";

    /// <inheritdoc/>
    public byte[] Derive(KeyWrap wrap)
    {
        using var argon = new Argon2id(Encoding.UTF8.GetBytes(passphrase))
        {
            Salt = wrap.Salt, MemorySize = wrap.MemoryKiB!.Value, Iterations = wrap.Passes!.Value, DegreeOfParallelism = wrap.Lanes!.Value,
        };
        return argon.GetBytes(32);
    }

    /// <inheritdoc/>
    public KeyWrap Configure(KeyWrap wrap) => wrap with { MemoryKiB = 64 * 1024, Passes = 3, Lanes = 1 };
}
