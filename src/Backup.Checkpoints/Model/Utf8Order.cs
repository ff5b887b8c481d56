namespace Backup.Checkpoints.Model;

/// <summary>Compares strings as their UTF-8 bytes compare, which UTF-16 ordinal comparison does not for surrogates.</summary>
public static class Utf8Order
{
    /// <summary>Negative, zero or positive as <paramref name="left"/> sorts before, with or after <paramref name="right"/>.</summary>
    public static int Compare(string left, string right)
    {
        var length = Math.Min(left.Length, right.Length);
        for (var i = 0; i < length; i++)
        {
            char a = left[i], b = right[i];
            if (a == b) continue;
            // A surrogate stands for a code point above every other char.
            if (char.IsSurrogate(a) != char.IsSurrogate(b)) return char.IsSurrogate(a) ? 1 : -1;
            return a.CompareTo(b);
        }
        return left.Length.CompareTo(right.Length);
    }
}
