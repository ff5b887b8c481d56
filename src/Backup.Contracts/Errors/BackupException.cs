namespace Backup.Contracts;

/// <summary>An error a user can act on: what is wrong, and what to do next.</summary>
[GenerateSerializer, Alias("backup.BackupException")]
public class BackupException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="kind">The class of error; decides the exit code.</param>
    /// <param name="message">What is wrong, naming the thing that is wrong.</param>
    /// <param name="hint">What to do next, or what is safe; null when the message says it all.</param>
    /// <param name="inner">The cause, for logs.</param>
    public BackupException(ErrorKind kind, string message, string? hint = null, Exception? inner = null)
        : base(message, inner)
    {
        Kind = kind;
        Hint = hint;
    }

    /// <summary>The class of error.</summary>
    [Id(0)]
    public ErrorKind Kind { get; }

    /// <summary>What to do next, or null.</summary>
    [Id(1)]
    public string? Hint { get; }
}
