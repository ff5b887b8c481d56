using System.CommandLine;
using Backup.Cli.Runners;

namespace Backup.Cli.Commands;

/// <summary>Options and steps that several commands share.</summary>
internal static class CommonOptions
{
    public static Option<string?> Archive() => new("--archive") { Description = "Archive; may be left out where one is configured", HelpName = "NAME" };

    public static Option<string?> Source(string description) => new("--source") { Description = description, HelpName = "NAME" };

    public static Option<bool> Flag(string name, string description) => new(name) { Description = description, Arity = ArgumentArity.Zero };

    /// <summary>The full id of a backup that was named by the beginning of it.</summary>
    public static async Task<string> BackupIdAsync(IBackupRunner runner, string archive, string written, CancellationToken cancellation) =>
        Contracts.RunId.IsValid(written) ? written : (await runner.ShowAsync(archive, written, cancellation)).BackupId;
}
