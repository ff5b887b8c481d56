using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Backup.Storage.Local;

/// <summary>What the class library lacks for durable folders on Unix: fsync of a folder, and a link that does not replace.</summary>
internal static partial class DurableFolder
{
    private const int NameTaken = 17; // EEXIST
    private const int NotThere = 2;   // ENOENT
    private const int ReadOnly = 0;

    /// <summary>Makes <paramref name="folder"/> with its parents, and flushes each parent that got a new entry.</summary>
    public static void Ensure(string folder)
    {
        if (Directory.Exists(folder)) return;
        var parent = Path.GetDirectoryName(folder);
        if (parent is { Length: > 0 }) Ensure(parent);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.CreateDirectory(folder);
                break;
            }
            catch (IOException) when (attempt < 10 && !File.Exists(folder))
            {
                // Found there, and taken away by a collection before it could be looked at.
            }
        }
        if (parent is { Length: > 0 }) Flush(parent);
    }

    /// <summary>Flushes the folder's entries to the disk.</summary>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows()) return; // NTFS journals its entries
        var descriptor = Open(folder, ReadOnly);
        if (descriptor < 0 && Marshal.GetLastPInvokeError() == NotThere) throw new DirectoryNotFoundException($"there is no folder {folder}");
        if (descriptor < 0) throw new IOException($"cannot open folder {folder}: error {Marshal.GetLastPInvokeError()}");
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        // Some network file systems cannot fsync a folder and say EINVAL; their rename is as durable as they make it.
        if (FSync(descriptor) != 0 && Marshal.GetLastPInvokeError() is not 22)
            throw new IOException($"cannot flush folder {folder}: error {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>Gives <paramref name="existing"/> a second name; false when that name is taken.</summary>
    public static bool TryLink(string existing, string name)
    {
        if (OperatingSystem.IsWindows())
        {
            if (File.Exists(name)) return false;
            File.Copy(existing, name, overwrite: false);
            return true;
        }
        if (Link(existing, name) == 0) return true;
        var error = Marshal.GetLastPInvokeError();
        return error == NameTaken ? false : throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string name);
}
