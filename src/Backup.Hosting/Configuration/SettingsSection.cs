using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Backup.Hosting.Configuration;

/// <summary>
/// One object of the configuration while it is read. Every problem is noted with its full path and reading goes on;
/// what nobody asked for is unknown. Values are named in problems only where they cannot be secrets.
/// </summary>
internal sealed class SettingsSection(IConfigurationSection section, string folder, ConfigurationProblems problems)
{
    private readonly List<string> known = [];

    public void Problem(string problem) => problems.Add($"{section.Path}: {problem}");

    public string? Text(string key)
    {
        known.Add(key);
        var value = section.GetSection(key);
        if (value.GetChildren().Any())
        {
            problems.Add($"{section.Path}:{key} must be text, not an object or a list");
            return null;
        }
        return string.IsNullOrWhiteSpace(value.Value) ? null : value.Value;
    }

    public string Required(string key, string what)
    {
        var text = Text(key);
        if (text is null && !section.GetSection(key).GetChildren().Any()) problems.Add($"{section.Path}:{key} is missing: write {what}");
        return text ?? "";
    }

    /// <summary>A path, made full from the folder of the configuration file.</summary>
    public string? Path(string key) => Text(key) is { } text ? FullPath(text) : null;

    public string RequiredPath(string key, string what) => Required(key, what) is { Length: > 0 } text ? FullPath(text) : "";

    public string? Choice(string key, params string[] choices)
    {
        var list = string.Join(" or ", choices.Select(choice => $"\"{choice}\""));
        var text = Required(key, list);
        if (text.Length == 0) return null;
        if (choices.Contains(text)) return text;
        var near = Suggestion.For(text, choices) is { } suggestion ? $"; did you mean \"{suggestion}\"?" : "";
        problems.Add($"{section.Path}:{key} must be {list}, not '{text}'{near}");
        return null;
    }

    public bool Flag(string key)
    {
        if (Text(key) is not { } text) return false;
        if (bool.TryParse(text, out var flag)) return flag;
        problems.Add($"{section.Path}:{key} must be true or false, not '{text}'");
        return false;
    }

    public int? Number(string key, int least, int most)
    {
        if (Text(key) is not { } text) return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
        problems.Add($"{section.Path}:{key} must be a whole number from {least} to {most}, not '{text}'");
        return null;
    }

    /// <summary>A section inside, or null when it is absent.</summary>
    public SettingsSection? Child(string key)
    {
        known.Add(key);
        var child = section.GetSection(key);
        if (child.GetChildren().Any()) return new(child, folder, problems);
        if (!string.IsNullOrEmpty(child.Value)) problems.Add($"{child.Path} must be an object");
        return null;
    }

    /// <summary>The sections inside a section, by the names somebody gave them.</summary>
    public Dictionary<string, T> Named<T>(string key, Func<SettingsSection, T> read)
    {
        known.Add(key);
        var all = new Dictionary<string, T>(StringComparer.Ordinal);
        var parent = section.GetSection(key);
        if (!string.IsNullOrEmpty(parent.Value)) problems.Add($"{parent.Path} must be an object of names");
        foreach (var child in parent.GetChildren())
        {
            if (!ConfiguredName.IsValid(child.Key))
                problems.Add($"{child.Path}: '{child.Key}' is not a name: a lower-case letter, then lower-case letters, digits and _");
            else if (!string.IsNullOrEmpty(child.Value))
                problems.Add($"{child.Path} must be an object");
            else
                all[child.Key] = read(new(child, folder, problems));
        }
        return all;
    }

    /// <summary>Notes every setting nobody asked for. <paramref name="only"/> names those that have a meaning here when that is not obvious.</summary>
    public void RefuseUnknown(string[]? only = null)
    {
        foreach (var child in section.GetChildren().Where(child => !known.Contains(child.Key, StringComparer.OrdinalIgnoreCase)))
        {
            var hint = only is not null ? $" here (there is {string.Join(", ", only)})"
                : Suggestion.For(child.Key, known) is { } near ? $"; did you mean {near}?"
                : $" (there is {string.Join(", ", known)})";
            problems.Add($"{child.Path} is not a setting{hint}");
        }
    }

    private string FullPath(string path)
    {
        if (path.StartsWith("~/", StringComparison.Ordinal))
            path = System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path[2..]);
        return System.IO.Path.GetFullPath(path, folder);
    }
}
