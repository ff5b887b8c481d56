using Backup.Archive.Keys;
using Backup.Contracts;
using Backup.Hosting.Configuration;

namespace Backup.Hosting.Archives;

/// <summary>Finds the key an archive is configured with, or shall be.</summary>
public static class ArchiveKeys
{
    /// <summary>Reads the configured key file or passphrase.</summary>
    /// <exception cref="BackupException">Usage: it is not there or not what it should be.</exception>
    internal static IWrappingKey Read(string name, ArchiveOptions options, IReadOnlyDictionary<string, string> environment)
    {
        if (options.KeyFile is { } keyFile) return KeyFileKey.Parse(ReadFile(keyFile, $"Backup:Archives:{name}:KeyFile: "), keyFile);
        if (options.PassphraseFile is { } file) return PassphraseIn(file, $"Backup:Archives:{name}:PassphraseFile: ");
        return Passphrase(environment.GetValueOrDefault(options.PassphraseEnvironment!, ""), $"the environment variable {options.PassphraseEnvironment}");
    }

    /// <summary>Reads the key file or passphrase that shall open an archive; a key file that is not there is made.</summary>
    /// <returns>The key, and the path of the key file when it was made.</returns>
    /// <exception cref="BackupException">Usage: it cannot be read or made, or is not what it should be.</exception>
    public static (IWrappingKey Key, string? Made) ReadNew(RewrapRequest request)
    {
        if (request.PassphraseFile is { } passphrase) return (PassphraseIn(passphrase, ""), null);
        var made = !File.Exists(request.KeyFile!);
        if (made) MakeKeyFile(request.KeyFile!);
        return (KeyFileKey.Parse(ReadFile(request.KeyFile!, ""), request.KeyFile!), made ? request.KeyFile : null);
    }

    /// <summary>Makes the configured key file, readable for this user only; nothing that is there is replaced.</summary>
    internal static void MakeKeyFile(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var file = new FileStream(path, options);
            file.Write(System.Text.Encoding.ASCII.GetBytes(KeyFileKey.NewContent()));
            file.Flush(flushToDisk: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(ErrorKind.Usage, $"the key file {path} cannot be made: {error.Message}", "Give this user permission to write there, or set KeyFile to another path.", error);
        }
    }

    private static PassphraseKey PassphraseIn(string file, string setting) => Passphrase(ReadFile(file, setting).Split('\n', 2)[0].TrimEnd('\r'), $"the passphrase file {file}");

    private static PassphraseKey Passphrase(string passphrase, string where) => passphrase.Length > 0
        ? new(passphrase)
        : throw new BackupException(ErrorKind.Usage, $"{where} holds no passphrase", "Put the archive's passphrase there.");

    private static string ReadFile(string path, string setting)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(ErrorKind.Usage, $"{setting}{path} cannot be read: {error.Message}",
                "Put the key this archive was made with there; 'backup archive init' makes a key file for a new archive.", error);
        }
    }
}
