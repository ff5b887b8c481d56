namespace Backup.Checkpoints.Postgres.Log;

/// <summary>Where the columns of one row stand in a message.</summary>
internal sealed class FeedTuple
{
    private const int NullLength = -1;
    private const int UnchangedLength = -2;
    private (int Offset, int Length)[] columns = [];

    /// <summary>True when a column was left out because it did not change.</summary>
    public bool HasUnchanged { get; private set; }

    public bool IsNull(int column) => columns[column].Length == NullLength;

    public bool IsUnchanged(int column) => columns[column].Length == UnchangedLength;

    public ReadOnlySpan<byte> Text(int column, ReadOnlySpan<byte> message) => message.Slice(columns[column].Offset, Math.Max(0, columns[column].Length));

    /// <summary>Reads it from a message, which must have as many columns as its relation.</summary>
    public void Read(ref WireReader message, int expected)
    {
        if (message.Int16() != expected) throw WireReader.Broken();
        if (columns.Length != expected) columns = new (int, int)[expected];
        HasUnchanged = false;
        for (var i = 0; i < expected; i++)
            switch (message.Byte())
            {
                case (byte)'n':
                    columns[i] = (0, NullLength);
                    break;
                case (byte)'u':
                    columns[i] = (0, UnchangedLength);
                    HasUnchanged = true;
                    break;
                case (byte)'t':
                    var length = message.Int32();
                    columns[i] = (message.Position, length);
                    message.Skip(length);
                    break;
                default:
                    throw WireReader.Broken();
            }
    }
}
