namespace Backup.Checkpoints.Postgres.Log;

/// <summary>How a column's text in the log becomes the text a cast gives, which is what captures read.</summary>
internal enum TextForm
{
    /// <summary>They are equal.</summary>
    Same,
    /// <summary><c>t</c> and <c>f</c> are <c>true</c> and <c>false</c>.</summary>
    Boolean,
    /// <summary>A <c>char(n)</c> loses its blanks.</summary>
    Padded,
    /// <summary>An address has its length.</summary>
    Address,
}

/// <summary>Applies a <see cref="TextForm"/>.</summary>
internal static class TextForms
{
    // Ids that are the same in every database.
    private const uint BooleanType = 16, PaddedType = 1042, AddressType = 869, NetworkType = 650, NameType = 19, CharType = 18;

    /// <summary>The form of a type; null when nobody knows what its cast does.</summary>
    /// <param name="type">Id of the type, not of a domain over it.</param>
    /// <param name="hasCast">True when a function casts it to text, not its output.</param>
    public static TextForm? Of(uint type, bool hasCast) => type switch
    {
        BooleanType => TextForm.Boolean,
        PaddedType => TextForm.Padded,
        AddressType or NetworkType => TextForm.Address,
        NameType or CharType => TextForm.Same,
        _ => hasCast ? null : TextForm.Same,
    };

    public static ReadOnlySpan<byte> Apply(TextForm form, ReadOnlySpan<byte> text) => form switch
    {
        TextForm.Boolean => text is [(byte)'t', ..] ? "true"u8 : "false"u8,
        TextForm.Padded => text.TrimEnd((byte)' '),
        TextForm.Address when !text.Contains((byte)'/') => (byte[])[.. text, .. text.Contains((byte)':') ? "/128"u8 : "/32"u8],
        _ => text,
    };
}
