using Backup.Archive.Keys;
using Backup.Contracts;
using Backup.Hosting.Configuration;

namespace Backup.Hosting.Archives;

/// <summary>Finds the key an archive is configured with.</summary>
internal static class ArchiveKeys
{
    /// <summary>Reads the configured key file or passphrase.</summary>
    /// <exception cref="BackupException">Usage: it is not there or not what it should be.</exception>
    public static IWrappingKey Read(string name, ArchiveOptions options, IReadOnlyDictionary<string, string> environment)
    {
        if (options.KeyFile is { } keyFile) return KeyFileKey.Parse(ReadFile(name, "KeyFile", keyFile), keyFile);
        if (options.PassphraseFile is { } file)
            return Passphrase(ReadFile(name, "PassphraseFile", file).Split('\n', 2)[0].TrimEnd('\r'), $"the passphrase file {file}");
        return Passphrase(environment.GetValueOrDefault(options.PassphraseEnvironment!, ""), $"the environment variable {options.PassphraseEnvironment}");
    }

    /// <summary>Makes the configured key file, readable for this user only; nothing that is there is replaced.</summary>
    public static void MakeKeyFile(string path)
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

    private static PassphraseKey Passphrase(string passphrase, string where) => passphrase.Length > 0
        ? new(passphrase)
        : throw new BackupException(ErrorKind.Usage, $"{where} holds no passphrase", "Put the archive's passphrase there.");

    private static string ReadFile(string name, string setting, string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(ErrorKind.Usage, $"Backup:Archives:{name}:{setting}: {path} cannot be read: {error.Message}",
                "Put the key this archive was made with there; 'backup archive init' makes a key file for a new archive.", error);
        }
    }
}
