using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;

namespace Backup.Tests.StoreSuite.Support;

/// <summary>Applies the changes of a feed to contents, strictly: what comes anew was not there, what is replaced or deleted was.</summary>
internal sealed class FeedReplay
{
    private readonly Dictionary<(UnitId Unit, string Key), (byte[] Bytes, int KeyLength)> records = [];

    public FeedReplay(Contents contents)
    {
        foreach (var unit in contents.Units)
            foreach (var record in contents.Records(unit)) records[(unit, Convert.ToHexString(record.Key.Span))] = (record.Bytes.ToArray(), record.KeyLength);
    }

    public void Apply(LoggedTransaction transaction)
    {
        foreach (var change in transaction.Changes)
        {
            if (change.Kind == FeedEventKind.Truncate)
            {
                foreach (var gone in records.Where(r => change.Kinds.Contains((RecordKind)r.Value.Bytes[0])).Select(r => r.Key).ToList()) records.Remove(gone);
                continue;
            }
            var key = (change.Unit, Convert.ToHexString(change.Bytes.AsSpan(0, change.KeyLength)));
            var existed = records.Remove(key, out var before);
            if (change.Kind == FeedEventKind.Delete)
            {
                Assert.True(existed, $"deleted what was not there: {key}");
                Assert.Equal(change.KeyLength, change.Bytes.Length);
                continue;
            }
            Assert.True(existed == change.Replaces, $"{(change.Replaces ? "replaced what was not there" : "came though it was there")}: {key}");
            Assert.True(change.Replaces || (change.Missing == 0 && change.MissingExtras.Count == 0));
            records[key] = (change.Missing == 0 && change.MissingExtras.Count == 0 ? change.Bytes : Merge(change, before.Bytes), change.KeyLength);
        }
    }

    public Contents Contents()
    {
        var contents = new Contents();
        foreach (var (key, record) in records) contents.Put(key.Unit, [new EncodedRecord(record.Bytes, record.KeyLength)]);
        return contents;
    }

    private static byte[] Merge(LoggedChange change, byte[] before)
    {
        var (fields, extras) = Parse(change.Bytes, change.KeyLength);
        var (oldFields, oldExtras) = Parse(before, change.KeyLength);
        Assert.Equal(0u, change.Missing >> fields.Count);
        for (var i = 0; i < fields.Count; i++)
            if ((change.Missing >> i & 1) != 0) fields[i] = oldFields[i];
        foreach (var name in change.MissingExtras)
        {
            Assert.False(extras.ContainsKey(name));
            extras[name] = oldExtras[name];
        }
        var tail = new RecordBuffer();
        tail.Begin((RecordKind)before[0]);
        tail.Unsigned((ulong)extras.Count);
        foreach (var name in extras.Keys.Order(Comparer<string>.Create(Utf8Order.Compare)))
        {
            tail.Text(name);
            tail.Text(extras[name]);
        }
        return [.. change.Bytes.AsSpan(0, change.KeyLength), .. fields.SelectMany(f => f), .. tail.Record.Bytes.Span[1..]];
    }

    // By docs/format.md: the fields behind the key as they are encoded, the extras by name.
    private static (List<byte[]> Fields, Dictionary<string, string> Extras) Parse(byte[] bytes, int keyLength)
    {
        var reader = new RecordReader(bytes);
        foreach (var form in (RecordKind)bytes[0] switch { RecordKind.ChannelBlob => "bbb", RecordKind.PendingWrite => "bbbu", RecordKind.StoreItem => "b", _ => "bb" }) Skip(ref reader, form);
        Assert.Equal(keyLength, reader.Position);
        var fields = new List<byte[]>();
        foreach (var form in (RecordKind)bytes[0] switch { RecordKind.Checkpoint => "uoobb", RecordKind.ChannelBlob => "bo", RecordKind.PendingWrite => "bobb", RecordKind.StoreItem => "b", _ => "" })
        {
            var start = reader.Position;
            Skip(ref reader, form);
            fields.Add(bytes[start..reader.Position]);
        }
        var extras = new Dictionary<string, string>();
        for (var count = reader.Unsigned(); count > 0; count--) extras.Add(reader.Text(), reader.Text());
        reader.End();
        return (fields, extras);
    }

    private static void Skip(ref RecordReader reader, char form)
    {
        switch (form)
        {
            case 'u': reader.Unsigned(); break;
            case 'o': reader.Optional(out _); break;
            default: reader.Bytes(); break;
        }
    }
}
