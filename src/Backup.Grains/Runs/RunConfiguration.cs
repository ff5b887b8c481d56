using Backup.Contracts;
using Backup.Engine.Stores;

namespace Backup.Grains.Runs;

/// <summary>What this silo's configuration and version say of a run's store and archive. A run pins it: silos that differ must not work for it.</summary>
internal sealed class RunConfiguration(IArchives archives, ICheckpointStores stores)
{
    // Raised when silos of the version before must not work for one run with this one.
    private const int Version = 1;

    /// <summary>Names it without telling it.</summary>
    /// <exception cref="BackupException">NotFound: the store or the archive is not configured here.</exception>
    public string Fingerprint(string store, string archive) => $"{Version}-{stores.Fingerprint(store)}-{archives.Fingerprint(archive)}";

    /// <exception cref="BackupException">Conflict: this silo differs from the run.</exception>
    public void Ensure(RunCut cut, string silo) => Ensure(cut.Configuration, cut.Source, cut.Archive, silo);

    /// <exception cref="BackupException">Conflict: this silo differs from the run.</exception>
    public void Ensure(string pinned, string store, string archive, string silo)
    {
        string? mine;
        try
        {
            mine = Fingerprint(store, archive);
        }
        catch (BackupException error) when (error.Kind == ErrorKind.NotFound)
        {
            throw new BackupException(ErrorKind.Conflict, $"silo {silo} does not work for the run: {error.Message}", "Give all silos the same Backup:Sources and Backup:Archives.");
        }
        if (mine == pinned) return;
        var why = mine.Split('-')[0] == pinned.Split('-')[0] ? $"its configuration of '{store}' or '{archive}' is another" : "it runs another version of this program";
        throw new BackupException(ErrorKind.Conflict, $"silo {silo} does not work for the run: {why}", "Give all silos the same version, Backup:Sources and Backup:Archives.");
    }
}
