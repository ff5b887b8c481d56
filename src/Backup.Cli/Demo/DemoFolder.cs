using Backup.Contracts;
using Backup.Hosting.Configuration;

namespace Backup.Cli.Demo;

/// <summary>Where the demonstration works: a temporary folder that goes with it. The archive and its key may be left in a folder of the user's.</summary>
internal sealed class DemoFolder : IDisposable
{
    public const string Source = "demo";
    public const string Archive = "main";
    private readonly string work = Directory.CreateTempSubdirectory("backup-demo-").FullName;
    private readonly string? keep;

    /// <exception cref="BackupException">Conflict: the folder to keep the archive in holds something.</exception>
    public DemoFolder(string? keep)
    {
        this.keep = keep is null ? null : Path.GetFullPath(keep);
        if (!Directory.Exists(this.keep) || !Directory.EnumerateFileSystemEntries(this.keep).Any()) return;
        Dispose();
        throw new BackupException(ErrorKind.Conflict, $"{this.keep} is not empty", "Nothing was changed there. Name a new folder with --keep.");
    }

    /// <summary>Folder of the archive, where it is left.</summary>
    public string? Kept => keep is null ? null : Path.Combine(keep, "archive");

    /// <summary>The configuration of the demonstration's silo.</summary>
    public BackupOptions Options(BackupClusterOptions cluster) => new()
    {
        Cluster = cluster,
        StateFolder = Path.Combine(work, "state"),
        Sources = new Dictionary<string, SourceOptions> { [Source] = new() { Kind = SourceOptions.Memory, Writable = true } },
        Archives = new Dictionary<string, ArchiveOptions>
        {
            [Archive] = new() { Kind = ArchiveOptions.Local, Path = Path.Combine(keep ?? work, "archive"), KeyFile = Path.Combine(keep ?? work, "archive.key") },
        },
    };

    public void Dispose() => Directory.Delete(work, recursive: true);
}
