namespace Backup.Checkpoints.Postgres.Capture;

/// <summary>The handle of a cut: the snapshot to import, and the position, which who joins cannot ask for any more.</summary>
/// <param name="Snapshot">Name of the exported snapshot.</param>
/// <param name="Position">Position in the log; null when it could not be asked.</param>
/// <param name="Exact">True when the cut has every commit below the position and none at or above it.</param>
internal readonly record struct CutToken(string Snapshot, string? Position, bool Exact)
{
    private const char Separator = '@';
    private const string ExactMark = "exact";

    public static CutToken Parse(string text)
    {
        var parts = text.Split(Separator);
        return new(parts[0], parts.Length > 1 ? parts[1] : null, parts.Length > 2 && parts[2] == ExactMark);
    }

    public override string ToString() => Position is null ? Snapshot : Exact ? $"{Snapshot}{Separator}{Position}{Separator}{ExactMark}" : $"{Snapshot}{Separator}{Position}";
}
