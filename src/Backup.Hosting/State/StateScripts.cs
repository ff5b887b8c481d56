using System.Reflection;

namespace Backup.Hosting.State;

/// <summary>The SQL embedded in this assembly: a schema per dialect, and the queries the provider asks for by key.</summary>
internal static class StateScripts
{
    private const string SchemaName = "Schema";
    private static readonly Assembly Assembly = typeof(StateScripts).Assembly;

    /// <summary>The statements that make the tables where they are missing.</summary>
    public static string Schema(string dialect) => Read($"{dialect}/{SchemaName}");

    /// <summary>The queries by key: those both dialects share, and the dialect's own.</summary>
    public static IReadOnlyDictionary<string, string> Queries(string dialect) => Assembly.GetManifestResourceNames()
        .Select(name => (Name: name, Parts: name.Split('/')))
        .Where(r => r.Parts.Length == 2 && (r.Parts[0] == "Shared" || r.Parts[0] == dialect) && r.Parts[1] != SchemaName)
        .ToDictionary(r => r.Parts[1], r => Read(r.Name), StringComparer.Ordinal);

    private static string Read(string name)
    {
        using var reader = new StreamReader(Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
