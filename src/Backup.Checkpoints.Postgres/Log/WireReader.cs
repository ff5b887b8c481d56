using System.Buffers.Binary;
using Backup.Contracts;

namespace Backup.Checkpoints.Postgres.Log;

/// <summary>Reads the fields of a message of the logical replication protocol in order.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> message)
{
    private readonly ReadOnlySpan<byte> message = message;

    /// <summary>Offset of the next field.</summary>
    public int Position { get; private set; } = 1;

    public byte Byte() => Take(1)[0];

    public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    /// <summary>Reads text up to its zero byte.</summary>
    public string Text()
    {
        var length = message[Position..].IndexOf((byte)0);
        if (length < 0) throw Broken();
        var text = System.Text.Encoding.UTF8.GetString(Take(length));
        Position++;
        return text;
    }

    /// <summary>Passes so many bytes.</summary>
    public void Skip(int count) => Take(count);

    public static BackupException Broken() => new(ErrorKind.Failed, "a message of the server's log is not as the protocol says");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > message.Length - Position) throw Broken();
        var bytes = message.Slice(Position, count);
        Position += count;
        return bytes;
    }
}
