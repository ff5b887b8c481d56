namespace Backup.Contracts;

/// <summary>An object of an archive is missing, cut, changed or not what its place says it is.</summary>
[GenerateSerializer, Alias("backup.DamageException")]
public sealed class DamageException : BackupException
{
    /// <summary>Creates the error.</summary>
    /// <param name="objectName">Name of the damaged object inside the archive.</param>
    /// <param name="offset">Offset in bytes of the first part that cannot be trusted.</param>
    /// <param name="problem">What is wrong with it.</param>
    /// <param name="hint">What to do next, where it is not to look for what else is damaged.</param>
    public DamageException(string objectName, long offset, string problem, string? hint = null)
        : base(ErrorKind.Damage, $"damage in {objectName} at offset {offset}: {problem}",
            hint ?? "Nothing was changed. Run 'backup verify --all --deep' to see everything that is affected, and restore the object from a replica.")
    {
        ObjectName = objectName;
        Offset = offset;
        Problem = problem;
    }

    /// <summary>Name of the damaged object inside the archive.</summary>
    [Id(0)]
    public string ObjectName { get; }

    /// <summary>Offset in bytes of the first part that cannot be trusted.</summary>
    [Id(1)]
    public long Offset { get; }

    /// <summary>What is wrong with it.</summary>
    [Id(2)]
    public string Problem { get; }
}
