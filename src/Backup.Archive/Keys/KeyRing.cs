using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Storage;

namespace Backup.Archive.Keys;

/// <summary>The data keys of an opened archive.</summary>
public sealed class KeyRing
{
    private readonly Dictionary<string, DataKey> keys;
    private readonly byte[] archive;

    private KeyRing(Dictionary<string, DataKey> keys, byte[] archive)
    {
        this.keys = keys;
        this.archive = archive;
        Current = keys.Values.OrderBy(k => k.Id, StringComparer.Ordinal).Last();
    }

    /// <summary>The key new objects are sealed under.</summary>
    internal DataKey Current { get; }

    /// <summary>Makes a first data key and puts its wrap into the archive.</summary>
    internal static async Task<KeyRing> CreateAsync(IBackupStorage storage, byte[] archiveDigest, IWrappingKey with, CancellationToken cancellation)
    {
        var key = new DataKey(Convert.ToHexStringLower(Randomness.Bytes(16)), Randomness.Bytes(32));
        await PutAsync(storage, key, archiveDigest, with, cancellation);
        return new(new() { [key.Id] = key }, archiveDigest);
    }

    /// <summary>Opens every data key that <paramref name="with"/> opens.</summary>
    /// <exception cref="BackupException">WrongKey: there are wraps, and it opens none. Damage: no wrap can be read.</exception>
    internal static async Task<KeyRing> OpenAsync(IBackupStorage storage, byte[] archiveDigest, IWrappingKey with, CancellationToken cancellation)
    {
        var opened = new Dictionary<string, DataKey>();
        DamageException? damage = null;
        var others = 0;
        foreach (var item in await storage.ListAllAsync(ObjectNames.Keys, cancellation))
        {
            try
            {
                var key = KeyWrapping.Open(item.Name, await ReadAsync(storage, item.Name, cancellation), archiveDigest, with);
                if (key is null) others++;
                else opened[key.Id] = key;
            }
            catch (DamageException error)
            {
                damage = error;
            }
        }
        if (opened.Count > 0) return new(opened, archiveDigest);
        if (others > 0)
            throw new BackupException(ErrorKind.WrongKey, $"the configured {(with.Kind == "keyfile" ? "key file" : "passphrase")} does not open the archive at {storage.Location}",
                "Nothing was read or changed. Configure the key this archive was made with.");
        throw damage ?? new DamageException(ObjectNames.Keys, 0, "no wrapped data key is there, so nothing in this archive can be opened");
    }

    /// <summary>
    /// Wraps every data key under <paramref name="with"/>, and makes sure that it opens; <paramref name="removeOthers"/> then takes
    /// every other way of opening away. Whenever this stops, the old way, the new way or both open the archive.
    /// </summary>
    /// <returns>The wraps that were made, and those that were removed.</returns>
    public async Task<(IReadOnlyList<string> Added, IReadOnlyList<string> Removed)> RewrapAsync(IBackupStorage storage, IWrappingKey with, bool removeOthers, CancellationToken cancellation)
    {
        var old = await storage.ListAllAsync(ObjectNames.Keys, cancellation);
        var added = new List<string>();
        foreach (var key in keys.Values) added.Add(await PutAsync(storage, key, archive, with, cancellation));
        Failpoint.Reach("rewrap.added");
        foreach (var name in added)
            if (KeyWrapping.Open(name, await ReadAsync(storage, name, cancellation), archive, with) is not { } opened || !opened.Secret.AsSpan().SequenceEqual(keys[opened.Id].Secret))
                throw new DamageException(name, 0, "it does not open right after it was written");
        var removed = new List<string>();
        // A wrap of a data key that is not held here may be the only one there is.
        foreach (var item in removeOthers ? old.Where(o => keys.Keys.Any(id => o.Name.StartsWith(ObjectNames.Keys + id + "-", StringComparison.Ordinal))) : [])
        {
            await storage.DeleteAsync(item.Name, cancellation);
            removed.Add(item.Name);
            Failpoint.Reach("rewrap.removed");
        }
        return (added, removed);
    }

    /// <summary>Reads and checks one wrap.</summary>
    internal static async Task<KeyWrap> ReadAsync(IBackupStorage storage, string name, CancellationToken cancellation)
    {
        var wrap = KeyWrap.Decode(name, await storage.GetAsync(name, CheckedText.MaxLength, cancellation));
        if (!name.StartsWith(ObjectNames.Keys + wrap.KeyId + "-", StringComparison.Ordinal))
            throw new DamageException(name, 0, "it wraps another key than its name says");
        return wrap;
    }

    /// <summary>The key of one object: bound to the archive, the object's kind, its name and its salt.</summary>
    /// <returns>Null when the data key is not in this ring.</returns>
    internal Sealing.ObjectKey? ObjectKey(string keyId, ObjectKind kind, string name, ReadOnlySpan<byte> salt) =>
        keys.TryGetValue(keyId, out var key) ? Sealing.ObjectKey.Derive(key.Secret, archive, kind, name, salt) : null;

    private static async Task<string> PutAsync(IBackupStorage storage, DataKey key, byte[] archiveDigest, IWrappingKey with, CancellationToken cancellation)
    {
        var name = ObjectNames.Wrap(key.Id, Randomness.Token(8));
        await storage.PutAsync(name, KeyWrapping.Wrap(key, archiveDigest, with).Encode(), cancellation);
        return name;
    }
}
