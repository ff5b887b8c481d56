namespace Backup.Tests.Unit.Format;

/// <summary>The fields of records by kind, as the table in docs/format.md has them.</summary>
internal static class RecordShape
{
    /// <summary>Reads a record to its end and returns the length of its kind and key.</summary>
    public static int KeyLength(byte[] record)
    {
        var fields = new FieldReader(record);
        int key;
        switch (fields.Byte())
        {
            case 1:
                Texts(fields, 2);
                key = fields.Position;
                Assert.Equal(1UL, fields.Varint());
                fields.Optional();
                fields.Optional();
                fields.Bytes();
                fields.Bytes();
                break;
            case 2:
                Texts(fields, 3);
                key = fields.Position;
                fields.Text();
                fields.Optional();
                break;
            case 3:
                Texts(fields, 3);
                fields.Varint();
                key = fields.Position;
                fields.Text();
                fields.Optional();
                fields.Bytes();
                fields.Text();
                break;
            case 4:
                fields.Text();
                key = fields.Position;
                fields.Bytes();
                break;
            case 5:
                Texts(fields, 2);
                key = fields.Position;
                break;
            case var kind:
                throw new InvalidOperationException($"record kind {kind}");
        }
        for (var extras = fields.Varint(); extras > 0; extras--) Texts(fields, 2);
        Assert.True(fields.AtEnd);
        return key;
    }

    /// <summary>A record with the value fields and extras that are missing in it taken from the one it replaced.</summary>
    public static byte[] Fill(byte[] record, uint missing, HashSet<string> missingExtras, byte[] replaced)
    {
        Assert.Equal((2, 2), (record[0], replaced[0])); // only of blobs are values left out where this is used
        FieldReader mine = Value(record), theirs = Value(replaced);
        var result = new FieldWriter();
        foreach (var b in record.AsSpan(0, mine.Position)) result.Raw(b);
        var (type, before) = (mine.Bytes(), theirs.Bytes());
        result.Bytes((missing & 1) != 0 ? before : type);
        var (value, old) = (mine.Optional(), theirs.Optional());
        if (((missing & 2) != 0 ? old : value) is { } bytes)
        {
            result.Varint((ulong)bytes.Length + 1);
            foreach (var b in bytes) result.Raw(b);
        }
        else result.Varint(0);
        var (extras, others) = (Extras(mine), Extras(theirs));
        foreach (var name in missingExtras.Where(others.ContainsKey)) extras[name] = others[name];
        result.Varint((ulong)extras.Count);
        foreach (var (name, text) in extras.OrderBy(e => e.Key, Comparer<string>.Create((a, b) => System.Text.Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(b)))))
            result.Bytes(System.Text.Encoding.UTF8.GetBytes(name)).Bytes(text);
        return result.Written;

        static FieldReader Value(byte[] bytes)
        {
            var fields = new FieldReader(bytes);
            fields.Byte();
            Texts(fields, 3);
            return fields;
        }

        static Dictionary<string, byte[]> Extras(FieldReader fields)
        {
            var extras = new Dictionary<string, byte[]>();
            for (var left = fields.Varint(); left > 0; left--) extras.Add(fields.Text(), fields.Bytes());
            return extras;
        }
    }

    private static void Texts(FieldReader fields, int count)
    {
        for (var i = 0; i < count; i++) fields.Text();
    }
}
