using Backup.Archive.Objects;

namespace Backup.Archive.Keys;

/// <summary>What an operator holds to open an archive: a key file or a passphrase.</summary>
public interface IWrappingKey
{
    /// <summary><c>keyfile</c> or <c>passphrase</c>.</summary>
    string Kind { get; }

    /// <summary>Derives the 32-byte wrapping key for a wrap's salt and cost.</summary>
    byte[] Derive(KeyWrap wrap);

    /// <summary>Fills in the cost of a new wrap.</summary>
    KeyWrap Configure(KeyWrap wrap);
}
