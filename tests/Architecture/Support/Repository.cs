using System.Runtime.CompilerServices;

namespace Backup.Tests.Architecture.Support;

/// <summary>The files of this repository, without what builds and package managers make.</summary>
internal static class Repository
{
    private static readonly string[] Made = ["bin", "obj", ".git", "node_modules", ".testenv", "TestResults", ".vs", ".idea"];

    public static string Root { get; } = Path.GetFullPath(Path.Combine(Folder(), "../../.."));

    /// <summary>Paths from the root, with <c>/</c>, in order.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. Walk(Root).Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    /// <summary>Projects that ship: those under <c>src</c>, and the server.</summary>
    public static IReadOnlyList<string> Projects { get; } = [.. Files.Where(f => f.EndsWith(".csproj", StringComparison.Ordinal) && IsShipped(f))];

    public static bool IsShipped(string file) => file.StartsWith("src/", StringComparison.Ordinal) || file.StartsWith("Silo.Host/", StringComparison.Ordinal);

    public static string Text(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static string NameOf(string project) => Path.GetFileNameWithoutExtension(project);

    private static IEnumerable<string> Walk(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
            if (!Made.Contains(Path.GetFileName(file))) yield return file;
        foreach (var below in Directory.EnumerateDirectories(folder))
            if (!Made.Contains(Path.GetFileName(below)))
                foreach (var file in Walk(below)) yield return file;
    }

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
