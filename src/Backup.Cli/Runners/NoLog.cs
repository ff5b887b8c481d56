using Backup.Contracts;

namespace Backup.Cli.Runners;

/// <summary>The error of a source without a change log.</summary>
internal static class NoLog
{
    public static BackupException Error(string source, string archive) => new(ErrorKind.NotFound, $"'{source}' has no change log in archive {archive}, and none is enabled",
        $"Set Backup:Sources:{source}:Log:Enabled to true for Silo.Host.");
}
