using System.Text.Json;
using Backup.Contracts;
using Microsoft.Extensions.Configuration;

namespace Backup.Hosting.Configuration;

/// <summary>Puts a JSON file under a configuration, with errors that say where the file is wrong.</summary>
internal static class SettingsFile
{
    public static void Add(ConfigurationBuilder builder, string file)
    {
        var bytes = ReadAll(file);
        try
        {
            // Built here once, so that an error of the file is told from one of its settings.
            builder.AddInMemoryCollection(new ConfigurationBuilder().AddJsonStream(new MemoryStream(bytes)).Build().AsEnumerable());
        }
        catch (Exception error) when (error is FormatException or JsonException or InvalidDataException)
        {
            var at = (error as JsonException ?? error.InnerException as JsonException)?.LineNumber;
            throw new BackupException(ErrorKind.Usage,
                at is null ? $"{file} cannot be read: {error.Message}" : $"{file} is not JSON: see line {at + 1}",
                "Correct the file, then run the same command again.", error);
        }
    }

    private static byte[] ReadAll(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BackupException(ErrorKind.Usage, $"there is no configuration file {file}", "Name it with --config FILE or BACKUP_CONFIG.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(ErrorKind.Usage, $"the configuration file {file} cannot be read: {error.Message}", "Give this user permission to read it.", error);
        }
    }
}
