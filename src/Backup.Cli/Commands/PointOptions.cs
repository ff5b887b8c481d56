using System.CommandLine;
using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary>Options that name a point to recover to or to look at.</summary>
internal static class PointOptions
{
    public static Option<string?> At(string description) => new("--at") { Description = description, HelpName = "POINT" };

    /// <summary>The canonical text of a point as it was written: what is no point is refused here, before anything is asked of a cluster.</summary>
    public static string? Text(string? written) => written is null ? null : RecoveryPoint.Parse(written).ToString();
}
