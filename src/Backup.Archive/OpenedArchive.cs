using System.Collections.Concurrent;
using Backup.Archive.Catalog;
using Backup.Archive.Keys;
using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Storage;

namespace Backup.Archive;

/// <summary>An archive with its keys: what every reader and writer works on.</summary>
public sealed class OpenedArchive
{
    private OpenedArchive(IBackupStorage storage, ArchiveDescriptor descriptor, KeyRing keys)
    {
        Storage = storage;
        Descriptor = descriptor;
        Keys = keys;
    }

    /// <summary>Where the objects are.</summary>
    public IBackupStorage Storage { get; private init; }

    /// <summary>The archive's descriptor.</summary>
    public ArchiveDescriptor Descriptor { get; }

    /// <summary>The archive's data keys.</summary>
    public KeyRing Keys { get; }

    /// <summary>The seals that were read already: they never change, and an archive has as many as it ever had backups.</summary>
    internal ConcurrentDictionary<string, SealLink> Seals { get; private init; } = new(StringComparer.Ordinal);

    /// <summary>zstd level for what is written, 1 to 19.</summary>
    public int CompressionLevel { get; init; } = 3;

    /// <summary>The same archive through another view of its storage, such as one that counts.</summary>
    public OpenedArchive Through(IBackupStorage view) => new(view, Descriptor, Keys) { CompressionLevel = CompressionLevel, Seals = Seals };

    /// <summary>Makes an archive.</summary>
    /// <exception cref="BackupException">Conflict: there is an archive, or something else, already.</exception>
    public static async Task<OpenedArchive> CreateAsync(IBackupStorage storage, IWrappingKey key, TimeProvider time, CancellationToken cancellation)
    {
        await foreach (var item in storage.ListAsync("", cancellation))
            throw new BackupException(ErrorKind.Conflict, item.Name == ObjectNames.Descriptor
                    ? $"there is an archive at {storage.Location} already" : $"{storage.Location} is not empty: it holds {item.Name}",
                "Nothing was changed. Use it as it is, or name an empty place for a new archive.");
        var descriptor = new ArchiveDescriptor
        {
            Format = ArchiveDescriptor.CurrentFormat, ArchiveId = Convert.ToHexStringLower(Randomness.Bytes(16)), Created = time.GetUtcNow(), KeyMode = ArchiveDescriptor.SharedKeys,
        };
        var bytes = descriptor.Encode();
        // The wraps come first: an archive whose descriptor can be seen can be opened.
        var ring = await KeyRing.CreateAsync(storage, ArchiveDescriptor.Decode(bytes).Digest, key, cancellation);
        await storage.PutAsync(ObjectNames.Descriptor, bytes, cancellation);
        return new(storage, descriptor, ring);
    }

    /// <summary>Opens an archive.</summary>
    /// <exception cref="BackupException">NotFound: there is none. WrongKey. Usage: a newer format. Damage.</exception>
    public static async Task<OpenedArchive> OpenAsync(IBackupStorage storage, IWrappingKey key, int compressionLevel, CancellationToken cancellation)
    {
        byte[] bytes;
        try
        {
            bytes = await storage.GetAsync(ObjectNames.Descriptor, CheckedText.MaxLength, cancellation);
        }
        catch (ObjectNotFoundException)
        {
            await foreach (var item in storage.ListAsync("", cancellation))
                if (item.Name.StartsWith(ObjectNames.Keys, StringComparison.Ordinal) || item.Name.StartsWith(ObjectNames.Seals, StringComparison.Ordinal)
                    || item.Name.StartsWith(ObjectNames.Runs, StringComparison.Ordinal))
                    throw new DamageException(ObjectNames.Descriptor, 0, "it is missing, though other objects of an archive are there");
            throw new BackupException(ErrorKind.NotFound, $"there is no archive at {storage.Location}",
                "Check the archive's path, or make one with 'backup archive init NAME'.");
        }
        var (descriptor, digest) = ArchiveDescriptor.Decode(bytes);
        return new(storage, descriptor, await KeyRing.OpenAsync(storage, digest, key, cancellation)) { CompressionLevel = compressionLevel };
    }

    /// <summary>Reads every wrapped key again; returns what is wrong with them.</summary>
    public async Task<IReadOnlyList<DamageException>> CheckKeysAsync(CancellationToken cancellation)
    {
        var problems = new List<DamageException>();
        foreach (var item in await Storage.ListAllAsync(ObjectNames.Keys, cancellation))
        {
            try
            {
                await KeyRing.ReadAsync(Storage, item.Name, cancellation);
            }
            catch (DamageException damage)
            {
                problems.Add(damage);
            }
        }
        return problems;
    }
}
