using System.Runtime.CompilerServices;

namespace Backup.Tests.EndToEnd.Support;

/// <summary>Places in this repository.</summary>
internal static class Repository
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Folder(), "../../.."));

    public static string Harness => Path.Combine(Root, "tests/langgraph");

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
