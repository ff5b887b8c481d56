namespace Backup.Hosting.Configuration;

/// <summary>What a source or an archive may be called: a lower-case letter, then lower-case letters, digits and <c>_</c>.</summary>
public static class ConfiguredName
{
    /// <summary>True when <paramref name="name"/> is such a name.</summary>
    public static bool IsValid(string name) =>
        name.Length is > 0 and <= 64 && name[0] is >= 'a' and <= 'z'
        && name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_');
}
