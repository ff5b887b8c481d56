namespace Backup.Contracts;

/// <summary>Why something did not succeed. The number is the tool's exit code and never changes its meaning.</summary>
public enum ErrorKind
{
    /// <summary>Failed for a reason that has no code of its own.</summary>
    Failed = 1,
    /// <summary>Wrong use or configuration: the caller must change what was asked.</summary>
    Usage = 2,
    /// <summary>The archive is damaged: an object is missing, cut or changed.</summary>
    Damage = 3,
    /// <summary>What was named does not exist.</summary>
    NotFound = 4,
    /// <summary>Something else is in the way: a conflict, a busy source or target.</summary>
    Conflict = 5,
    /// <summary>Two things that should be equal differ.</summary>
    Differs = 6,
    /// <summary>The key or passphrase does not open this archive.</summary>
    WrongKey = 7,
    /// <summary>A server or storage cannot be reached now; the same call may succeed later.</summary>
    Unreachable = 8,
    /// <summary>Interrupted by the user.</summary>
    Interrupted = 130,
}
