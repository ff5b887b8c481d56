using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using CsCheck;
using Xunit;

namespace Backup.Tests.Unit.Records;

public sealed class RecordTests
{
    private static readonly Gen<byte[]> Bytes = Gen.Byte.Array[0, 300];
    private static readonly Gen<string> Text = Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 0, 20], Gen.Int[0, 4].Select(i => new[] { "", "é", "🧵", "\0", "a|b:c" }[i]), (a, b) => a + b);
    private static readonly Gen<IReadOnlyDictionary<string, string>> Extra = Gen.Dictionary(Text, Text)[0, 3].Select(d => (IReadOnlyDictionary<string, string>)d);

    private static readonly Gen<Action<RecordBuffer>> Any = Gen.OneOf(
        Gen.Select(Text, Text, Text, Bytes, Bytes, Extra, (ns, id, parent, e, m, x) => (Action<RecordBuffer>)new Checkpoint { Namespace = ns, CheckpointId = id, ParentId = parent.Length > 5 ? parent : null, Envelope = e, Metadata = m, Extra = x }.Encode),
        Gen.Select(Text, Text, Text, Bytes, Extra, (ns, c, v, b, x) => (Action<RecordBuffer>)new ChannelBlob { Namespace = ns, Channel = c, Version = v, Type = "json", Value = b.Length > 9 ? b : (ReadOnlyMemory<byte>?)null, Extra = x }.Encode),
        Gen.Select(Text, Text, Text, Gen.Int, Bytes, Extra, (ns, c, t, i, b, x) => (Action<RecordBuffer>)new PendingWrite { Namespace = ns, CheckpointId = c, TaskId = t, Index = i, Channel = "m", Value = b, TaskPath = t, Extra = x }.Encode),
        Gen.Select(Text, Bytes, Extra, (k, v, x) => (Action<RecordBuffer>)new StoreItem { Key = k, Value = v, Extra = x }.Encode),
        Gen.Select(Text, Text, Extra, (k, f, x) => (Action<RecordBuffer>)new StoreVector { Key = k, Field = f, Extra = x }.Encode));

    [Fact]
    public void What_is_decoded_encodes_to_the_same_bytes() => Any.Sample(encode =>
    {
        var buffer = new RecordBuffer();
        encode(buffer);
        var (bytes, key) = (buffer.Record.Bytes.ToArray(), buffer.Record.KeyLength);
        var again = new RecordBuffer();
        Decode(new(bytes, key), again);
        Assert.Equal((Convert.ToHexString(bytes), key), (Convert.ToHexString(again.Record.Bytes.Span), again.Record.KeyLength));
    }, iter: 2000);

    /// <summary>100,000 damaged records: a decoder refuses them or reads them, and does nothing else.</summary>
    [Fact]
    public void A_damaged_record_is_refused_or_read_and_never_more() => Gen.Select(Any, Gen.Int[0, 400], Gen.Byte, Gen.Int[0, 400]).Sample((encode, place, value, cut) =>
    {
        var buffer = new RecordBuffer();
        encode(buffer);
        var bytes = buffer.Record.Bytes.ToArray();
        bytes[1 + (place % Math.Max(1, bytes.Length - 1)) - (bytes.Length == 1 ? 1 : 0)] = value;
        if (cut % 3 == 0) bytes = bytes[..Math.Max(1, cut % bytes.Length)];
        try
        {
            Decode(new(bytes, 1), new RecordBuffer());
        }
        catch (RecordFormatException)
        {
            // refused
        }
    }, iter: 100_000);

    [Fact]
    public void Digests_add_in_any_order_and_subtract_back() => Gen.Select(Bytes, Bytes, Bytes).Sample((a, b, c) =>
    {
        Digest256 x = Digest256.Of(a), y = Digest256.Of(b), z = Digest256.Of(c);
        Span<byte> stored = stackalloc byte[32];
        (x + y).Write(stored);
        return x + y + z == z + x + y && x + y - y == x && x - x == default && Digest256.Read(stored) == x + y;
    }, iter: 1000);

    [Fact]
    public void A_digest_carries_over_every_word()
    {
        var ones = default(Digest256) - Digest256.Of([]) + Digest256.Of([]) ;
        Assert.Equal(default, ones);
        Span<byte> bytes = stackalloc byte[32];
        bytes.Fill(0xff);
        Span<byte> one = stackalloc byte[32];
        one[31] = 1;
        Assert.Equal(default, Digest256.Read(bytes) + Digest256.Read(one));
    }

    private static void Decode(EncodedRecord record, RecordBuffer into)
    {
        switch (record.Kind)
        {
            case RecordKind.Checkpoint: Checkpoint.Decode(record).Encode(into); break;
            case RecordKind.ChannelBlob: ChannelBlob.Decode(record).Encode(into); break;
            case RecordKind.PendingWrite: PendingWrite.Decode(record).Encode(into); break;
            case RecordKind.StoreItem: StoreItem.Decode(record).Encode(into); break;
            case RecordKind.StoreVector: StoreVector.Decode(record).Encode(into); break;
        }
    }
}
