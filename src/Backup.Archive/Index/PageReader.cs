using Backup.Contracts;

namespace Backup.Archive.Index;

/// <summary>Reads the fields of an index page; every length is checked before it is believed.</summary>
internal ref struct PageReader(ReadOnlySpan<byte> bytes, string name, long offset)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;
    private int position;

    public readonly int Left => bytes.Length - position;

    public ulong Number()
    {
        var used = Varint.Read(bytes[position..], out var value);
        if (used == 0) throw Damage();
        position += used;
        return value;
    }

    public long Count()
    {
        var value = Number();
        return value <= long.MaxValue ? (long)value : throw Damage();
    }

    public byte[] Bytes()
    {
        var length = Number();
        if (length > (ulong)(bytes.Length - position)) throw Damage();
        var value = bytes.Slice(position, (int)length).ToArray();
        position += (int)length;
        return value;
    }

    public readonly void End()
    {
        if (position != bytes.Length) throw Damage();
    }

    public readonly DamageException Damage() => new(name, offset, "a page of the index is not well formed");
}
