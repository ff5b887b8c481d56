using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Keys;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Capture;
using Backup.Engine.Compaction;
using Backup.Engine.Progress;
using Backup.Engine.Restore;
using Backup.Engine.Verify;
using Backup.Storage.Local;

namespace Backup.Tests.Unit;

/// <summary>An archive in a temporary folder, and the engine's calls on it.</summary>
internal sealed class TemporaryArchive : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("backup-unit-").FullName;

    public string Path => System.IO.Path.Combine(Folder, "archive");

    public string KeyContent { get; } = KeyFileKey.NewContent();

    public LastSeen LastSeen => new(System.IO.Path.Combine(Folder, "last-seen"));

    public OpenedArchive Create() =>
        OpenedArchive.CreateAsync(new LocalStorage(Path), KeyFileKey.Parse(KeyContent, "key"), TimeProvider.System, default).GetAwaiter().GetResult();

    public Task<OpenedArchive> OpenAsync(string? path = null) =>
        OpenedArchive.OpenAsync(new LocalStorage(path ?? Path), KeyFileKey.Parse(KeyContent, "key"), 3, default);

    public static RunProgress Progress(RunKind kind) => new(new()
    {
        RunId = RunId.New(TimeProvider.System.GetUtcNow()).Value, Kind = kind, Store = "s", Archive = "a",
    }, TimeProvider.System);

    public static async Task<BackupSummary> BackupAsync(OpenedArchive archive, ICheckpointSource source, string name = "prod", BackupStrategyKind strategy = BackupStrategyKind.Full) =>
        await new BackupRun(archive, source, new() { Source = name, Archive = "main", Strategy = strategy }, "test", 2, TimeProvider.System).RunAsync(Progress(RunKind.Backup), default);

    public static async Task<RestoreReport> RestoreAsync(OpenedArchive archive, ICheckpointTarget target, RestoreRequest request, TimeProvider? time = null) =>
        await new RestoreRun(archive, target, request, time ?? TimeProvider.System).RunAsync(Progress(RunKind.Restore), default);

    public static async Task<CompactReport> CompactAsync(OpenedArchive archive, string source = "prod", bool dryRun = false) =>
        await new CompactionRun(archive, new() { Source = source, Archive = "main", DryRun = dryRun }, "test", TimeProvider.System).RunAsync(Progress(RunKind.Compaction), default);

    public async Task<VerifyReport> VerifyAsync(OpenedArchive archive, bool deep, ICheckpointSource? against = null, string? backup = null, TimeProvider? time = null) =>
        await new ArchiveVerifier(archive, LastSeen, time ?? TimeProvider.System)
            .RunAsync(new() { Archive = "main", Deep = deep, BackupId = backup, Against = against is null ? null : "s" }, against, Progress(RunKind.Backup), default);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
