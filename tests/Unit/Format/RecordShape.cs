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

    private static void Texts(FieldReader fields, int count)
    {
        for (var i = 0; i < count; i++) fields.Text();
    }
}
