using Backup.Contracts;

namespace Backup.Storage.Local;

/// <summary>Writes one file: temporary name, fsync, link to the final name, fsync of the folder.</summary>
internal sealed class LocalObjectWriter : IObjectWriter
{
    private const string Suffix = ".tmp";
    private const int TokenLength = 8;
    private readonly string name;
    private readonly string path;
    private readonly string temporary;
    private readonly FileStream file;
    private bool finished;

    public LocalObjectWriter(string name, string path)
    {
        this.name = name;
        this.path = path;
        temporary = $"{path}.{Randomness.Token(TokenLength)}{Suffix}";
        file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
    }

    /// <summary>True for the temporary name of an object; other files that end like one are not ours.</summary>
    public static bool IsTemporary(string name) =>
        name.EndsWith(Suffix, StringComparison.Ordinal) && name.Length > TokenLength + 1 + Suffix.Length
        && name[^(TokenLength + 1 + Suffix.Length)] == '.' && ObjectName.IsValid(name[..^(TokenLength + 1 + Suffix.Length)])
        && name[^(TokenLength + Suffix.Length)..^Suffix.Length].All(char.IsAsciiLetterOrDigit);

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await file.WriteAsync(bytes, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw LocalErrors.Translate(error, path);
        }
    }

    public ValueTask CommitAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return LocalErrors.GuardAsync(path, () =>
        {
            file.Flush(flushToDisk: true);
            file.Dispose();
            // A link, unlike a rename, never replaces what is there.
            if (!DurableFolder.TryLink(temporary, path)) throw new ObjectExistsException(name);
            File.Delete(temporary);
            DurableFolder.Flush(Path.GetDirectoryName(path)!);
            finished = true;
        });
    }

    public async ValueTask DisposeAsync()
    {
        await file.DisposeAsync();
        if (finished) return;
        try
        {
            File.Delete(temporary);
        }
        catch (IOException)
        {
            // A left-over temporary file is invisible to every listing and holds no name.
        }
    }
}
