using System.Globalization;
using System.Text;

namespace Backup.Abstractions;

/// <summary>
/// Writes any text in letters, digits, <c>- . _ ~</c> and <c>%</c>, reversibly: <c>%XX</c> is a byte of UTF-8,
/// <c>%uXXXX</c> half a surrogate pair that has no other half, which UTF-8 cannot carry.
/// </summary>
internal static class KeyEscaping
{
    public static string Escape(string text)
    {
        if (text.All(IsPlain)) return text;
        var key = new StringBuilder(text.Length + 16);
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = 0; i < text.Length;)
        {
            if (Rune.TryGetRuneAt(text, i, out var rune))
            {
                if (rune.IsBmp && IsPlain((char)rune.Value)) key.Append((char)rune.Value);
                else foreach (var value in utf8[..rune.EncodeToUtf8(utf8)]) key.Append('%').Append(value.ToString("X2", CultureInfo.InvariantCulture));
                i += rune.Utf16SequenceLength;
            }
            else
            {
                key.Append("%u").Append(((int)text[i++]).ToString("X4", CultureInfo.InvariantCulture));
            }
        }
        return key.ToString();
    }

    public static string Unescape(string key)
    {
        if (!key.Contains('%', StringComparison.Ordinal)) return key;
        var text = new StringBuilder(key.Length);
        var utf8 = new List<byte>();
        for (var i = 0; i < key.Length;)
        {
            if (key[i] != '%')
            {
                text.Append(key[i++]);
            }
            else if (i + 1 < key.Length && key[i + 1] == 'u')
            {
                text.Append((char)Hex(key, i + 2, 4));
                i += 6;
            }
            else
            {
                for (utf8.Clear(); i < key.Length && key[i] == '%' && (i + 1 == key.Length || key[i + 1] != 'u'); i += 3) utf8.Add((byte)Hex(key, i + 1, 2));
                text.Append(Encoding.UTF8.GetString([.. utf8]));
            }
        }
        return text.ToString();
    }

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~';

    private static int Hex(string key, int start, int length) =>
        start + length <= key.Length && int.TryParse(key.AsSpan(start, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new FormatException($"'{key}' is not a grain key");
}
