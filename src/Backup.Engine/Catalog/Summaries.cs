using Backup.Archive.Objects;
using Backup.Contracts;

namespace Backup.Engine.Catalog;

/// <summary>Manifests as they are listed and reported.</summary>
public static class Summaries
{
    /// <summary>The summary of a manifest.</summary>
    public static BackupSummary Of(BackupManifest manifest) => new()
    {
        BackupId = manifest.BackupId, Strategy = manifest.Strategy, Source = manifest.Source.Name, SourceKind = manifest.Source.Kind,
        CutTime = manifest.Source.CutTime, CutPosition = manifest.Source.CutPosition,
        Threads = manifest.Totals.Threads, Records = manifest.Totals.Records, RawBytes = manifest.Totals.RawBytes,
        StoredBytes = manifest.Segments.Sum(s => s.Size) + manifest.Index.Object.Size,
        Seconds = (manifest.Finished - manifest.Started).TotalSeconds,
        StateRoot = Convert.ToHexStringLower(manifest.StateRoot), Warnings = manifest.Warnings, BaseId = manifest.Base?.BackupId, Supersedes = manifest.Derived?.BackupId, Expiring = manifest.Expiries?.Units,
    };
}
