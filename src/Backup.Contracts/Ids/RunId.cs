using System.Globalization;

namespace Backup.Contracts;

/// <summary>
/// Names one run (a backup, a restore). Sorts by the time the run was admitted:
/// <c>yyyyMMdd"t"HHmmssfff-xxxxxxxx</c>, UTC, then eight random base-32 characters.
/// A backup has the id of the run that made it.
/// </summary>
[GenerateSerializer, Immutable, Alias("backup.RunId")]
public readonly record struct RunId([property: Id(0)] string Value) : IComparable<RunId>
{
    private const int Length = 27;

    /// <summary>A new id for a run admitted at <paramref name="now"/>.</summary>
    public static RunId New(DateTimeOffset now) =>
        new(now.UtcDateTime.ToString("yyyyMMdd't'HHmmssfff", CultureInfo.InvariantCulture) + "-" + Randomness.Token(8));

    /// <summary>True when <paramref name="text"/> has the shape of a run id.</summary>
    public static bool IsValid(string? text) =>
        text is { Length: Length } && text[8] == 't' && text[18] == '-'
        && text.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'z') or '-');

    /// <inheritdoc/>
    public int CompareTo(RunId other) => string.CompareOrdinal(Value, other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value;
}
