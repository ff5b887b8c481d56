using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Catalog;

/// <summary>Writes manifests. Those of backups are read through <see cref="BackupCatalog"/>, by way of the seal that names them.</summary>
public static class ManifestStore
{
    /// <summary>Writes a manifest, reads it back, and returns its digest for the seal.</summary>
    public static Task<ObjectDigest> PutAsync(OpenedArchive archive, BackupManifest manifest, CancellationToken cancellation) =>
        SealedDocument.PutAsync(archive, ObjectKind.Manifest, ObjectNames.Manifest(new(manifest.BackupId), Randomness.Token(8)), manifest, cancellation);

    /// <summary>Reads a manifest that nothing vouches for but its key: it may never have been sealed.</summary>
    /// <exception cref="DamageException">It is missing or damaged.</exception>
    public static async Task<BackupManifest> GetAsync(OpenedArchive archive, string name, CancellationToken cancellation) =>
        (await SealedDocument.GetAsync<BackupManifest>(archive, ObjectKind.Manifest, name, cancellation)).Value;
}
