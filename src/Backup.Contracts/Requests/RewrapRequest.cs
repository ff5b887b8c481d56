namespace Backup.Contracts;

/// <summary>Asks for another way to open an archive. Exactly one of the two files is given.</summary>
[GenerateSerializer, Immutable, Alias("backup.RewrapRequest")]
public sealed record RewrapRequest
{
    /// <summary>Name of the configured archive.</summary>
    [Id(0)] public required string Archive { get; init; }

    /// <summary>Full path of the key file that shall open it; made when it is not there. Or null.</summary>
    [Id(1)] public string? KeyFile { get; init; }

    /// <summary>Full path of a file whose first line is the passphrase that shall open it, or null.</summary>
    [Id(2)] public string? PassphraseFile { get; init; }

    /// <summary>Take every other way to open it away.</summary>
    [Id(3)] public bool RemoveOthers { get; init; }
}
