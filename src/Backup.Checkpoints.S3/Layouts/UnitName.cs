using System.Security.Cryptography;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.S3.Layouts;

/// <summary>
/// The name of a unit in keys (docs/s3.md): ASCII that sorts as the UTF-8 bytes of the id do. Letters, digits and the minus stand for
/// themselves; any other byte is two hexadecimal digits behind a mark that sorts where the byte does. Of a long id it is the beginning and a hash.
/// </summary>
internal static class UnitName
{
    // Three characters a byte, and room for the rest of the key below the 1024 that S3 takes.
    private const int LongAbove = 120;
    private const string Hashed = "~~";

    /// <summary>The name.</summary>
    public static string Of(string id)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(id);
        return bytes.Length <= LongAbove ? Encode(bytes) : $"{Encode(bytes.AsSpan(0, LongAbove))}{Hashed}{Convert.ToHexStringLower(SHA256.HashData(bytes))}";
    }

    /// <summary>Text before the names of this id and of all that sort behind it.</summary>
    public static string StartOf(string id)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(id);
        return Encode(bytes.AsSpan(0, Math.Min(bytes.Length, LongAbove)));
    }

    /// <summary>The beginning that a hashed name shares with names whose order among each other it does not tell.</summary>
    public static string SharedStart(string name) => name[..name.IndexOf(Hashed, StringComparison.Ordinal)];

    /// <summary>The id that a name stands for; null when it is long, or no name.</summary>
    public static string? IdOf(string name)
    {
        if (IsHashed(name)) return null;
        var bytes = new List<byte>();
        for (var i = 0; i < name.Length; i++)
        {
            if (IsPlain(name[i])) bytes.Add((byte)name[i]);
            else if (i + 2 < name.Length && byte.TryParse(name.AsSpan(i + 1, 2), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var value))
            {
                bytes.Add(value);
                i += 2;
            }
            else return null;
        }
        var id = System.Text.Encoding.UTF8.GetString(bytes.ToArray());
        return Of(id) == name ? id : null;
    }

    /// <summary>True when the name holds a hash in place of a part of the id.</summary>
    public static bool IsHashed(string name) => name.Contains(Hashed, StringComparison.Ordinal);

    /// <summary>The folder of a kind.</summary>
    public static string Folder(UnitKind kind) => kind == UnitKind.Thread ? "threads" : "memory";

    private static string Encode(ReadOnlySpan<byte> bytes)
    {
        var name = new System.Text.StringBuilder(bytes.Length);
        foreach (var b in bytes)
        {
            if (IsPlain((char)b)) name.Append((char)b);
            else name.Append(b switch { < (byte)'-' => '*', < (byte)'0' => '.', < (byte)'A' => '=', < (byte)'a' => '_', _ => '~' }).Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }
        return name.ToString();
    }

    private static bool IsPlain(char c) => c is '-' or (>= '0' and <= '9') or (>= 'A' and <= 'Z') or (>= 'a' and <= 'z');
}
