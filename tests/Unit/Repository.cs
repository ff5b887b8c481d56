using System.Runtime.CompilerServices;

namespace Backup.Tests.Unit;

/// <summary>Places in this repository.</summary>
internal static class Repository
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Folder(), "../.."));

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
