namespace Backup.Storage;

/// <summary>What an object may be called.</summary>
public static class ObjectName
{
    /// <summary>
    /// True for one or more segments of lower-case letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, joined by <c>/</c>,
    /// none of them starting with a dot or ending in <c>.tmp</c>: safe on every file system and in every bucket.
    /// </summary>
    public static bool IsValid(string name) =>
        name.Length is > 0 and <= 512
        && name.Split('/').All(segment => segment.Length > 0 && segment[0] != '.'
            && !segment.EndsWith(".tmp", StringComparison.Ordinal)
            && segment.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '_' or '.'));
}
