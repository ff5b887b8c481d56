using Backup.Contracts;

namespace Backup.Cli.Runners;

/// <summary>
/// A lock of this machine: a file held open for this process alone. The system lets go of it when the process ends, however it ends.
/// The file stays: removing a locked file would let two hold it.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private readonly FileStream file;
    private readonly string holderPath;

    private FileLock(FileStream file, string holderPath) => (this.file, this.holderPath) = (file, holderPath);

    /// <summary>Takes the lock <paramref name="name"/> in <paramref name="folder"/> for the run <paramref name="holder"/>.</summary>
    /// <exception cref="BackupException">Conflict, naming the run that holds it.</exception>
    public static FileLock Take(string folder, string name, string holder, string what)
    {
        Directory.CreateDirectory(folder);
        // Who holds it stands beside it, since nobody else may open the lock itself.
        var holderPath = Path.Combine(folder, $"{name}.holder");
        if (TryOpen(Path.Combine(folder, $"{name}.lock"), FileMode.OpenOrCreate) is not { } file)
        {
            var running = File.Exists(holderPath) ? File.ReadAllText(holderPath) : "";
            throw new BackupException(ErrorKind.Conflict, running.Length > 0 ? $"{what} is busy with run {running}" : $"{what} is busy with another run",
                running.Length > 0 ? $"Follow it with 'backup run watch {running}', or stop it with 'backup run cancel {running}'." : "Try again when it has ended; see 'backup run list'.");
        }
        File.WriteAllText(holderPath, holder);
        return new(file, holderPath);
    }

    /// <summary>Opens a file for this process alone; null when another has it.</summary>
    /// <exception cref="FileNotFoundException">It is not there and is not to be made.</exception>
    public static FileStream? TryOpen(string path, FileMode mode)
    {
        try
        {
            return new(path, mode, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException error) when (error is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException))
        {
            return null;
        }
    }

    public void Dispose()
    {
        File.Delete(holderPath); // before the lock is let go of: afterwards it may be the next one's
        file.Dispose();
    }
}
