using Backup.Archive;
using Backup.Contracts;

namespace Backup.Engine.Stores;

/// <summary>Opens and makes archives by their configured names.</summary>
public interface IArchives
{
    /// <summary>Opens the archive of that name.</summary>
    /// <exception cref="BackupException">NotFound, WrongKey, Usage, Damage, Unreachable.</exception>
    Task<OpenedArchive> OpenAsync(string name, CancellationToken cancellation);

    /// <summary>Names what is configured for an archive without telling it: silos that differ in it must not work for one run.</summary>
    /// <exception cref="BackupException">NotFound.</exception>
    string Fingerprint(string name);

    /// <summary>Makes the archive of that name, and its key file when that is not there.</summary>
    /// <exception cref="BackupException">Conflict: something is there already.</exception>
    Task<ArchiveInitReport> InitAsync(string name, CancellationToken cancellation);
}
