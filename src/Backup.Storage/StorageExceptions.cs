using Backup.Contracts;

namespace Backup.Storage;

/// <summary>There is no object of that name.</summary>
public sealed class ObjectNotFoundException(string name)
    : BackupException(ErrorKind.NotFound, $"there is no object {name}")
{
    /// <summary>The name asked for.</summary>
    public string ObjectName { get; } = name;
}

/// <summary>An object of that name is there already and was not changed.</summary>
public sealed class ObjectExistsException(string name)
    : BackupException(ErrorKind.Conflict, $"object {name} is there already; nothing in an archive is overwritten")
{
    /// <summary>The name asked for.</summary>
    public string ObjectName { get; } = name;
}
