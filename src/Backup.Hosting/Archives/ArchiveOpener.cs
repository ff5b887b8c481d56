using Backup.Archive;
using Backup.Contracts;
using Backup.Engine.Stores;
using Backup.Hosting.Configuration;
using Backup.Storage;
using Backup.Storage.Local;
using Backup.Storage.Retrying;

namespace Backup.Hosting.Archives;

/// <summary>Opens and makes archives as they are configured.</summary>
public sealed class ArchiveOpener(BackupOptions options, IReadOnlyDictionary<string, string> environment, TimeProvider time) : IArchives
{
    /// <inheritdoc/>
    public Task<OpenedArchive> OpenAsync(string name, CancellationToken cancellation)
    {
        var archive = options.Archive(name);
        return OpenedArchive.OpenAsync(StorageOf(archive), ArchiveKeys.Read(name, archive, environment), archive.CompressionLevel, cancellation);
    }

    /// <inheritdoc/>
    public async Task<ArchiveInitReport> InitAsync(string name, CancellationToken cancellation)
    {
        var archive = options.Archive(name);
        var storage = StorageOf(archive);
        var makeKey = archive.KeyFile is { } file && !File.Exists(file);
        // A new key beside an archive that is there already would look like its key: then nothing is made, and creating says why.
        if (makeKey && await IsEmptyAsync(storage, cancellation)) ArchiveKeys.MakeKeyFile(archive.KeyFile!);
        var made = await OpenedArchive.CreateAsync(storage, ArchiveKeys.Read(name, archive, environment), time, cancellation);
        return new()
        {
            Archive = name, ArchiveId = made.Descriptor.ArchiveId, Location = storage.Location, Format = made.Descriptor.Format, KeyFileMade = makeKey ? archive.KeyFile : null,
        };
    }

    /// <inheritdoc/>
    public string Fingerprint(string name)
    {
        var archive = options.Archive(name);
        return Configuration.Fingerprint.Of(name, archive.Kind, archive.Path);
    }

    private RetryingStorage StorageOf(ArchiveOptions archive) => new(new LocalStorage(archive.Path), time);

    private static async Task<bool> IsEmptyAsync(IBackupStorage storage, CancellationToken cancellation)
    {
        await foreach (var item in storage.ListAsync("", cancellation)) return false;
        return true;
    }
}
