namespace Backup.Hosting.Configuration;

/// <summary>A place backups are kept in, and the key that opens it. Exactly one of the three ways to name a key is set.</summary>
public sealed class ArchiveOptions
{
    /// <summary>A folder of this machine.</summary>
    public const string Local = "local";

    /// <summary><see cref="Local"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Full path of the folder.</summary>
    public required string Path { get; init; }

    /// <summary>Full path of a file with 32 random bytes in base64, or null.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Full path of a file whose first line is the passphrase, or null.</summary>
    public string? PassphraseFile { get; init; }

    /// <summary>Name of the environment variable that holds the passphrase, or null.</summary>
    public string? PassphraseEnvironment { get; init; }

    /// <summary>Level of zstd.</summary>
    public int CompressionLevel { get; init; } = 3;

    internal static ArchiveOptions Read(SettingsSection section)
    {
        var options = new ArchiveOptions
        {
            Kind = section.Choice("Kind", Local) ?? "",
            Path = section.RequiredPath("Path", "the folder the archive is kept in"),
            KeyFile = section.Path("KeyFile"),
            PassphraseFile = section.Path("PassphraseFile"),
            PassphraseEnvironment = section.Text("PassphraseEnvironment"),
            CompressionLevel = section.Number("CompressionLevel", 1, 19) ?? 3,
        };
        var keys = new[] { options.KeyFile, options.PassphraseFile, options.PassphraseEnvironment }.Count(key => key is not null);
        if (keys == 0) section.Problem("KeyFile is missing: write the path of a key file ('backup archive init' makes it), or set PassphraseFile or PassphraseEnvironment");
        if (keys > 1) section.Problem("says more than one of KeyFile, PassphraseFile and PassphraseEnvironment: keep one");
        section.RefuseUnknown();
        return options;
    }
}
