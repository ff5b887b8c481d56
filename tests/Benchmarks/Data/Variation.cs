using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Backup.Benchmarks.Data;

/// <summary>
/// Makes another thread of a real one. Inside the copy the same token always becomes the same other token, so the copy repeats
/// itself as the original does; between copies ids, times, numbers and words differ. JSON stays JSON.
/// </summary>
internal sealed class Variation(Vocabulary vocabulary, ulong key)
{
    private const int UuidLength = 36;
    private const int TimeLength = 24;
    private static ReadOnlySpan<byte> UuidForm => "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"u8;
    private static ReadOnlySpan<byte> TimeForm => "dddd-dd-ddTdd:dd:dd.dddZ"u8;
    private readonly ArrayBufferWriter<byte> output = new(1 << 16);
    private readonly TimeSpan shift = TimeSpan.FromMilliseconds(Mixing.Mix(key) % 8_640_000_000);

    public Row Apply(Row row) => new(row.Texts.Select(t => t is null ? null : Encoding.UTF8.GetString(Apply(Encoding.UTF8.GetBytes(t)))).ToArray(), row.Blob is null ? null : Apply(row.Blob));

    public byte[] Apply(ReadOnlySpan<byte> text)
    {
        output.ResetWrittenCount();
        while (text.Length > 0)
        {
            var length = Token(text);
            text = text[length..];
        }
        return output.WrittenSpan.ToArray();
    }

    private int Token(ReadOnlySpan<byte> text)
    {
        if (!IsWord(text[0]))
        {
            var gap = 1;
            while (gap < text.Length && !IsWord(text[gap])) gap++;
            output.Write(text[..gap]);
            return gap;
        }
        if (Matches(text, UuidForm)) return Uuid(text[..UuidLength]);
        if (Matches(text, TimeForm)) return Time(text[..TimeLength]);
        var end = 1;
        while (end < text.Length && IsWord(text[end])) end++;
        var token = text[..end];
        if (vocabulary.Exchange(token, key) is { Length: > 0 } other) output.Write(other);
        else if (end >= 6 && !token.ContainsAnyExceptInRange((byte)'0', (byte)'9')) Digits(token, "0123456789"u8);
        else if (end >= 8 && IsHex(token)) Digits(token, "0123456789abcdef"u8);
        else output.Write(token);
        return end;
    }

    // A time-ordered id keeps its order: its time moves, its sequence stays, its node changes. Others become any other id of their version.
    private int Uuid(ReadOnlySpan<byte> id)
    {
        Span<byte> other = stackalloc byte[UuidLength];
        id.CopyTo(other);
        if (id[14] == '6')
        {
            Utf8Parser.TryParse(id[..8], out uint high, out _, 'x');
            Utf8Parser.TryParse(id[9..13], out ushort middle, out _, 'x');
            Utf8Parser.TryParse(id[15..18], out ushort low, out _, 'x');
            var time = ((((ulong)high << 16) | middle) << 12) + low + (ulong)shift.Ticks;
            Utf8Formatter.TryFormat((uint)(time >> 28), other, out _, new('x', 8));
            Utf8Formatter.TryFormat((ushort)(time >> 12), other[9..], out _, new('x', 4));
            Utf8Formatter.TryFormat((ushort)((time & 0xFFF) | 0x6000), other[14..], out _, new('x', 4));
            Replace(other[24..], Mixing.Hash(id, key), "0123456789abcdef"u8);
        }
        else
        {
            Replace(other[..8], Mixing.Hash(id, key), "0123456789abcdef"u8);
            Replace(other[9..13], Mixing.Hash(id, key + 1), "0123456789abcdef"u8);
            Replace(other[15..18], Mixing.Hash(id, key + 2), "0123456789abcdef"u8);
            Replace(other[20..23], Mixing.Hash(id, key + 3), "0123456789abcdef"u8);
            Replace(other[24..], Mixing.Hash(id, key + 4), "0123456789abcdef"u8);
        }
        output.Write(other);
        return UuidLength;
    }

    private int Time(ReadOnlySpan<byte> time)
    {
        var moved = DateTime.ParseExact(Encoding.ASCII.GetString(time), "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) + shift;
        output.Write(Encoding.ASCII.GetBytes(moved.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)));
        return TimeLength;
    }

    private void Digits(ReadOnlySpan<byte> token, ReadOnlySpan<byte> alphabet)
    {
        var other = output.GetSpan(token.Length)[..token.Length];
        Replace(other, Mixing.Hash(token, key), alphabet);
        if (token[0] == '0') other[0] = (byte)'0';
        else if (other[0] == '0') other[0] = (byte)'7';
        output.Advance(token.Length);
    }

    private static void Replace(Span<byte> digits, ulong hash, ReadOnlySpan<byte> alphabet)
    {
        for (var i = 0; i < digits.Length; i++)
        {
            digits[i] = alphabet[(int)(hash % (ulong)alphabet.Length)];
            hash = (hash / (ulong)alphabet.Length) + ((hash & 0xFF) << 56);
        }
    }

    private static bool Matches(ReadOnlySpan<byte> text, ReadOnlySpan<byte> form)
    {
        if (text.Length < form.Length) return false;
        for (var i = 0; i < form.Length; i++)
            if (form[i] switch { (byte)'x' => !char.IsAsciiHexDigitLower((char)text[i]), (byte)'d' => !char.IsAsciiDigit((char)text[i]), var exact => text[i] != exact }) return false;
        return true;
    }

    private static bool IsHex(ReadOnlySpan<byte> token)
    {
        foreach (var item in token)
            if (!char.IsAsciiHexDigitLower((char)item)) return false;
        return true;
    }

    private static bool IsWord(byte item) => char.IsAsciiLetterOrDigit((char)item) || item == '_';
}
