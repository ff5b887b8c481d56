using System.Text.Json;
using Backup.Cli.Output;
using Backup.Contracts;

namespace Backup.Cli.Runners;

/// <summary>
/// The files of one run of this machine: <c>ID.json</c>, its latest status; <c>ID.alive</c>, held open by its process;
/// <c>ID.cancel</c>, there when it shall stop.
/// </summary>
internal sealed class LocalRunFiles(string folder, string id)
{
    private const string StatusSuffix = ".json";
    private readonly string status = Path.Combine(folder, id + StatusSuffix);
    private readonly string alive = Path.Combine(folder, id + ".alive");
    private readonly string cancel = Path.Combine(folder, id + ".cancel");

    public bool CancelRequested => File.Exists(cancel);

    /// <summary>True while the process of the run lives.</summary>
    public bool IsAlive
    {
        get
        {
            try
            {
                using var mine = FileLock.TryOpen(alive, FileMode.Open);
                return mine is null;
            }
            catch (IOException)
            {
                return false;
            }
        }
    }

    /// <summary>The ids of the runs there are, oldest first.</summary>
    public static string[] List(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*" + StatusSuffix).Select(path => Path.GetFileNameWithoutExtension(path)).Where(RunId.IsValid).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Says that this process works on the run, until the result is disposed.</summary>
    public IDisposable HoldAlive() => FileLock.TryOpen(alive, FileMode.CreateNew) ?? throw new BackupException(ErrorKind.Conflict, $"run {id} is there already");

    /// <summary>The latest status, or null when there is none that can be read.</summary>
    public RunStatus? Read()
    {
        try
        {
            return JsonSerializer.Deserialize<RunStatus>(File.ReadAllBytes(status), JsonOutput.Options);
        }
        catch (Exception error) when (error is FileNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Replaces the status in one step: a reader sees the old one or the new one.</summary>
    public void Write(RunStatus value)
    {
        var temporary = status + ".tmp";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(value, JsonOutput.Options));
        File.Move(temporary, status, overwrite: true);
    }

    public void RequestCancel() => File.WriteAllBytes(cancel, []);

    /// <summary>What only a living run needs.</summary>
    public void CleanUp()
    {
        File.Delete(cancel);
        File.Delete(alive);
    }

    public void Delete()
    {
        CleanUp();
        File.Delete(status);
    }
}
