using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Backup.Tests.Unit.Format;

namespace Backup.Tests.Unit.Fuzz;

/// <summary>Changes bytes in the ways that break decoders: bits, lengths, cuts, repetitions, numbers out of range, other JSON, content that expands.</summary>
internal static class Mutations
{
    private static readonly ulong[] Numbers = [0, 1, 0x7f, 0x80, 0xffff, 1 << 20, 1 << 30, int.MaxValue, 1UL << 31, uint.MaxValue, 1UL << 43, long.MaxValue, 1UL << 63, ulong.MaxValue];
    private static readonly string[] Values =
    [
        "null", "0", "-1", "1", "1e999", "9223372036854775807", "-9223372036854775808", "18446744073709551616", "0.5", "true", "[]", "{}", "\"\"", "\"x\"", "\"\\u0000\"", "\"\\ud800\"",
        "\"../../etc/passwd\"", "\"AAAA\"", "\"" + new string('9', 400) + "\"", "[null]", "[[]]", "{\"a\":null}", "\"0001-01-01T00:00:00+14:00\"", "[1,2,3]", "\"archive\"",
    ];

    /// <summary>One change, or a few; where content is compressed, now and then some that expands a thousandfold.</summary>
    public static byte[] Apply(byte[] bytes, Random random, bool json, bool compressed)
    {
        if (compressed && random.Next(40) == 0) return Bomb(random);
        for (var count = random.Next(4) == 0 ? 1 + random.Next(8) : 1; count > 0; count--)
            bytes = json && random.Next(2) == 0 ? ChangeJson(bytes, random) : ChangeBytes(bytes, random);
        return bytes;
    }

    private static byte[] ChangeBytes(byte[] bytes, Random random)
    {
        var at = random.Next(bytes.Length + 1);
        var length = Math.Min(bytes.Length - at, random.Next(5) == 0 ? random.Next(bytes.Length + 1) : random.Next(9));
        byte[] before = bytes[..at], part = bytes[at..(at + length)], after = bytes[(at + length)..];
        switch (random.Next(9))
        {
            case 0 or 1 when at < bytes.Length:
                byte[] flipped = [.. bytes];
                flipped[at] ^= (byte)(1 << random.Next(8));
                return flipped;
            case 2 when at < bytes.Length:
                byte[] set = [.. bytes];
                set[at] = new byte[] { 0, 1, 0x7f, 0x80, 0xfe, 0xff }[random.Next(6)];
                return set;
            case 3: return [.. before, .. after];
            case 4: return [.. before, .. part, .. part, .. after];
            case 5: return [.. before, .. new FieldWriter().Varint(Numbers[random.Next(Numbers.Length)]).Written, .. bytes.AsSpan(Math.Min(at + 1, bytes.Length))];
            case 6: return before;
            case 7:
                random.NextBytes(part);
                return [.. before, .. part, .. after];
            default:
                var noise = new byte[1 + random.Next(16)];
                random.NextBytes(noise);
                return [.. before, .. noise, .. bytes.AsSpan(at)];
        }
    }

    private static byte[] ChangeJson(byte[] bytes, Random random)
    {
        try
        {
            return ChangeValue(JsonNode.Parse(bytes), random) ?? ChangeBytes(bytes, random);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            return ChangeBytes(bytes, random); // an earlier change has made it something else
        }
    }

    // Replaces, removes or repeats one value of the document.
    private static byte[]? ChangeValue(JsonNode? root, Random random)
    {
        const string Mark = "@value@";
        var places = new List<(JsonNode Parent, string? Name, int Index)>();
        Walk(root, places);
        if (places.Count == 0) return null;
        var (parent, name, index) = places[random.Next(places.Count)];
        if (parent is JsonArray array)
        {
            if (random.Next(3) == 0) array.RemoveAt(index);
            else if (random.Next(2) == 0) array.Add(array[index]?.DeepClone());
            else array[index] = Mark;
        }
        else
        {
            var members = parent.AsObject();
            if (random.Next(4) == 0) members.Remove(name!);
            else members[name!] = Mark;
        }
        return Encoding.UTF8.GetBytes(root!.ToJsonString().Replace($"\"{Mark}\"", Values[random.Next(Values.Length)], StringComparison.Ordinal));
    }

    private static void Walk(JsonNode? node, List<(JsonNode, string?, int)> places)
    {
        if (node is JsonObject members)
        {
            foreach (var (name, value) in members)
            {
                places.Add((node, name, 0));
                Walk(value, places);
            }
        }
        else if (node is JsonArray items)
        {
            for (var i = 0; i < items.Count; i++)
            {
                places.Add((node, null, i));
                Walk(items[i], places);
            }
        }
    }

    // Some 40 MB of one thing over and over, which compress to some kilobytes.
    private static byte[] Bomb(Random random)
    {
        var (head, unit, tail) = random.Next(9) switch
        {
            0 => ("", " ", "{}"),
            1 => ("", "[", ""),
            2 => ("{\"warnings\":[", "\"\",", "\"\"]}"),
            3 => ("{\"layout\":[", "1,", "1]}"),
            4 => ("{\"previous\":[", "null,", "null]}"),
            5 => ("{\"owner\":\"", "x", "\"}"),
            6 => ("", "\0", ""),
            7 => ("", "\u0001\u0001", ""),
            _ => ("\0\u00ff\u00ff\u00ff\u00ff", "\u007f", ""),
        };
        var bytes = new byte[random.Next(2) == 0 ? 3 << 20 : 40 << 20];
        var pattern = Encoding.Latin1.GetBytes(unit);
        for (var i = 0; i < bytes.Length; i++) bytes[i] = pattern[i % pattern.Length];
        Encoding.Latin1.GetBytes(head).CopyTo(bytes, 0);
        return [.. bytes, .. Encoding.Latin1.GetBytes(tail)];
    }
}
