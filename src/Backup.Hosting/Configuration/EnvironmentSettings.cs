using System.Collections;

namespace Backup.Hosting.Configuration;

/// <summary>The settings among environment variables: <c>Backup__Sources__prod__Writable</c> is <c>Backup:Sources:prod:Writable</c>.</summary>
internal static class EnvironmentSettings
{
    private const string Prefix = "Backup__";

    public static Dictionary<string, string?> Read(IReadOnlyDictionary<string, string> environment)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in environment)
        {
            if (!name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)) continue;
            var parts = name.Split("__");
            parts[0] = "Backup";
            // Variables are often written in capitals only; a name of a source or an archive never is.
            if (parts.Length > 2 && (parts[1].Equals("Sources", StringComparison.OrdinalIgnoreCase) || parts[1].Equals("Archives", StringComparison.OrdinalIgnoreCase)))
                parts[2] = parts[2].ToLowerInvariant();
            settings[string.Join(':', parts)] = value;
        }
        return settings;
    }

    public static Dictionary<string, string> OfProcess()
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            if (variable.Value is string value) all[(string)variable.Key] = value;
        return all;
    }
}
