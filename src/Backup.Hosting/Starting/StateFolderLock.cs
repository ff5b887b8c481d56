using Backup.Contracts;
using Backup.Hosting.State;

namespace Backup.Hosting.Starting;

/// <summary>One silo per state folder: two that do not know of each other would run the same grains on the same rows.</summary>
internal sealed class StateFolderLock(StateDatabase database) : IStartCheck, IDisposable
{
    private FileStream? file;

    public Task CheckAsync(CancellationToken cancellation)
    {
        var path = database.Place + ".lock";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return Task.CompletedTask;
        }
        catch (IOException error) when (error is not DirectoryNotFoundException && File.Exists(path))
        {
            throw new BackupException(ErrorKind.Conflict, $"another silo uses the state in {database.Place} ({database.Setting})",
                "Stop it, or give this one a folder of its own.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StateErrors.Translate(error, database);
        }
    }

    public void Dispose() => file?.Dispose();
}
