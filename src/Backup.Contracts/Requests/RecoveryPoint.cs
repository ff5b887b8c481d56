using System.Globalization;
using System.Text.RegularExpressions;

namespace Backup.Contracts;

/// <summary>
/// A point to recover to, as people write it: a time with its offset, a position in PostgreSQL's log, or a checkpoint's id. It has
/// one canonical text, which is what crosses the wire.
/// </summary>
public readonly partial record struct RecoveryPoint
{
    private const string Forms = "Write a time with its offset (2026-11-24T14:05:00Z, 2026-11-24 15:05:00+01:00), a position in the log (16/B374D848), or a checkpoint's id (a UUID). A checkpoint with another id is named by --checkpoint.";

    private readonly string text;

    private RecoveryPoint(string text) => this.text = text;

    /// <summary>The instant, or null for a point of another kind.</summary>
    public DateTimeOffset? Time { get; private init; }

    /// <summary>The position in the log as a number, or null for a point of another kind.</summary>
    public ulong? Position { get; private init; }

    /// <summary>The checkpoint's id, verbatim, or null for a point of another kind.</summary>
    public string? CheckpointId { get; private init; }

    /// <summary>The point at an instant.</summary>
    public static RecoveryPoint At(DateTimeOffset time) =>
        new(time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture)) { Time = time.ToUniversalTime() };

    /// <summary>Reads a point.</summary>
    /// <exception cref="BackupException">Usage: it is none of the three, or a time without an offset.</exception>
    public static RecoveryPoint Parse(string text)
    {
        if (ParsePosition(text) is { } position)
            return new($"{position >> 32:X}/{position & uint.MaxValue:X}") { Position = position };
        if (Uuid().IsMatch(text)) return new(text) { CheckpointId = text };
        if (!Moment().IsMatch(text)) throw new BackupException(ErrorKind.Usage, $"'{text}' is no point to recover to", Forms);
        if (!Offset().IsMatch(text))
            throw new BackupException(ErrorKind.Usage, $"the time '{text}' does not say in which time zone it is", "Add Z for coordinated universal time, or the offset, such as +01:00.");
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
            throw new BackupException(ErrorKind.Usage, $"there is no time '{text}'", Forms);
        return At(time);
    }

    /// <summary>Reads a position in PostgreSQL's log, two hexadecimal numbers with a slash between; null when it is none.</summary>
    public static ulong? ParsePosition(string? text)
    {
        if (text?.Split('/') is not [{ Length: >= 1 and <= 8 } high, { Length: >= 1 and <= 8 } low]) return null;
        return uint.TryParse(high, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var upper)
            && uint.TryParse(low, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var lower) ? ((ulong)upper << 32) | lower : null;
    }

    /// <summary>The canonical text; <see cref="Parse"/> gives the same point again.</summary>
    public override string ToString() => text ?? "";

    [GeneratedRegex(@"\A[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\z")]
    private static partial Regex Uuid();

    // Seven digits are what a time holds; more would be cut, and mean another instant.
    [GeneratedRegex(@"\A[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,7})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?\z")]
    private static partial Regex Moment();

    [GeneratedRegex(@"([Zz]|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex Offset();
}
