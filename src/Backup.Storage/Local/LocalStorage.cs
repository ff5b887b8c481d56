using System.Runtime.CompilerServices;
using Backup.Contracts;

namespace Backup.Storage.Local;

/// <summary>
/// A folder as storage. An object is written to a temporary file beside its place, flushed to the disk, linked into
/// its name (which fails when the name is taken), and the folder is flushed too: after a crash it is there whole or not at all.
/// </summary>
public sealed class LocalStorage : IBackupStorage
{
    private readonly string root;

    /// <summary>Uses the folder <paramref name="path"/>; it is made when the first object is written.</summary>
    public LocalStorage(string path) => root = Path.GetFullPath(path);

    /// <inheritdoc/>
    public string Location => root;

    /// <inheritdoc/>
    public ValueTask<IObjectWriter> CreateAsync(string name, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var path = PathOf(name);
        return LocalErrors.GuardAsync<IObjectWriter>(path, () =>
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    DurableFolder.Ensure(Path.GetDirectoryName(path)!);
                    return new(new LocalObjectWriter(name, path));
                }
                catch (Exception error) when (error is DirectoryNotFoundException or FileNotFoundException && attempt < 10)
                {
                    // A collection has just taken the empty folder away.
                }
            }
        });
    }

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var path = PathOf(name);
        try
        {
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            var total = 0;
            while (total < buffer.Length)
            {
                var read = await RandomAccess.ReadAsync(handle, buffer[total..], offset + total, cancellation);
                if (read == 0) break;
                total += read;
            }
            return total;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ObjectNotFoundException(name);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw LocalErrors.Translate(error, path);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await ValueTask.CompletedTask;
        foreach (var item in Walk(root, "", prefix))
        {
            cancellation.ThrowIfCancellationRequested();
            if (ObjectName.IsValid(item.Name)) yield return item; // anything else is no object
        }
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string name, CancellationToken cancellation)
    {
        var path = PathOf(name);
        return LocalErrors.GuardAsync(path, () => Remove(path));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListUnfinishedAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await ValueTask.CompletedTask;
        foreach (var item in Walk(root, "", ""))
        {
            cancellation.ThrowIfCancellationRequested();
            if (LocalObjectWriter.IsTemporary(item.Name)) yield return item;
        }
    }

    /// <inheritdoc/>
    public ValueTask DiscardAsync(string unfinished, CancellationToken cancellation)
    {
        if (!LocalObjectWriter.IsTemporary(unfinished)) throw new ArgumentException($"'{unfinished}' is not the name of a temporary file", nameof(unfinished));
        var path = Path.Combine(root, unfinished);
        return LocalErrors.GuardAsync(path, () => Remove(path));
    }

    private void Remove(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        if (!File.Exists(path)) return;
        try
        {
            File.Delete(path);
            DurableFolder.Flush(folder);
        }
        catch (DirectoryNotFoundException)
        {
            return; // another collection took the folder away, which it does only when nothing is left in it
        }
        try
        {
            if (folder != root && !Directory.EnumerateFileSystemEntries(folder).Any()) Directory.Delete(folder);
        }
        catch (IOException)
        {
            // Something was put there meanwhile, or another collection was faster: an empty folder does no harm.
        }
    }

    // Depth first, each folder's entries ordered so that full names come out in ordinal order.
    private static IEnumerable<StoredObject> Walk(string folder, string name, string prefix)
    {
        FileSystemInfo[] entries;
        try
        {
            entries = new DirectoryInfo(folder).GetFileSystemInfos();
        }
        catch (DirectoryNotFoundException)
        {
            yield break;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw LocalErrors.Translate(error, folder);
        }
        foreach (var (key, entry) in entries.Select(e => (name + e.Name + (e is DirectoryInfo ? "/" : ""), e)).OrderBy(e => e.Item1, StringComparer.Ordinal))
        {
            if (entry is DirectoryInfo)
            {
                if (!key.StartsWith(prefix, StringComparison.Ordinal) && !prefix.StartsWith(key, StringComparison.Ordinal)) continue;
                foreach (var item in Walk(entry.FullName, key, prefix)) yield return item;
            }
            else if (key.StartsWith(prefix, StringComparison.Ordinal) && Look(key, (FileInfo)entry) is { } item)
            {
                yield return item;
            }
        }
    }

    // Null when it was deleted since its folder was read.
    private static StoredObject? Look(string name, FileInfo file)
    {
        try
        {
            return new(name, file.Length, file.LastWriteTimeUtc);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private string PathOf(string name)
    {
        if (!ObjectName.IsValid(name)) throw new ArgumentException($"'{name}' is not an object name", nameof(name));
        return Path.Combine(root, name);
    }
}
