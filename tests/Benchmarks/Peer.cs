namespace Backup.Benchmarks;

/// <summary>What others do with the same data: a command line, and what it leaves behind.</summary>
/// <param name="Name">Name in the table.</param>
/// <param name="Prepare">Run before, not measured.</param>
/// <param name="Command">The measured command; <c>$URL</c> is the database, <c>$SCHEMA</c> the schema, <c>$OUT</c> a path of its own.</param>
internal sealed record Peer(string Name, string? Prepare, string Command)
{
    public const string Floor = "COPY binary > /dev/null";
    public const string Zstd = "pg_dump | zstd -3";
    public const string Long = "pg_dump | zstd -3 --long=27";
    public const string Custom = "pg_dump -Fc";
    public const string Restic = "pg_dump | restic";
    public const string Borg = "pg_dump | borg zstd,3";
    private const string Dump = "pg_dump -n $SCHEMA $URL";

    public static readonly IReadOnlyList<Peer> All =
    [
        new(Floor, null, "for t in checkpoints checkpoint_blobs checkpoint_writes; do psql -qc \"copy $SCHEMA.$t to stdout (format binary)\" $URL >/dev/null || exit 1; done"),
        new(Zstd, null, $"{Dump} | zstd -3 -q -f -o $OUT"),
        new(Long, null, $"{Dump} | zstd -3 --long=27 -q -f -o $OUT"),
        new(Custom, null, $"{Dump} -Fc -f $OUT"),
        new(Restic, "restic -q -r $OUT init", $"{Dump} | restic -q -r $OUT backup --stdin"),
        new(Borg, "borg init -e repokey-blake2 $OUT", $"{Dump} | borg create -C zstd,3 $OUT::dump -"),
    ];
}
