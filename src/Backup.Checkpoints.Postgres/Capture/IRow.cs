namespace Backup.Checkpoints.Postgres.Capture;

/// <summary>
/// One row as <see cref="RowEncoder"/> takes it: 0 the unit's id, 1 the record kind as an int4, 2 the <c>blob</c> column as bytes, then
/// <see cref="Layouts.RecordColumns.TextColumns"/> as text. Valid until the next row.
/// </summary>
internal interface IRow
{
    /// <summary>A field; empty when it is null.</summary>
    ReadOnlySpan<byte> this[int field] { get; }

    /// <summary>True when a field is null, or not known.</summary>
    bool IsNull(int field);
}
