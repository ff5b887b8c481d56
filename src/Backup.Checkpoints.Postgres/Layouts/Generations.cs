using Backup.Contracts;

namespace Backup.Checkpoints.Postgres.Layouts;

/// <summary>
/// The generations of LangGraph's tables: a saver's <c>setup()</c> applies numbered migrations and keeps a row for each (formats.md §2.2).
/// A generation is named by the last one. A store of an older one can be restored into the tables of a newer one: records stay what they are.
/// </summary>
internal static class Generations
{
    // Before 3 a store does not have its tables. The JS package has no migration behind 4; up to there both make the same.
    private const int Oldest = 3, NewestOfJs = 4, NewestOfPython = 9;

    private static readonly Migration[] Migrations =
    [
        new(4, TableNames.Blobs, "values of type empty", t => t.Column("blob") is not { NotNull: true },
            t => t with { Columns = [.. t.Columns.Select(c => c.Name == "blob" ? c with { NotNull = false } : c)] }),
        Index(6, TableNames.Checkpoints), Index(7, TableNames.Blobs), Index(8, TableNames.Writes),
        new(9, TableNames.Writes, "column task_path of checkpoint_writes", t => t.Has("task_path"),
            t => t with { Columns = [.. t.Columns, new("task_path", "text", true, "''::text")] }),
    ];

    /// <summary>What a restore may ask for: a package's generation, or a package for its newest.</summary>
    public static readonly IReadOnlyList<string> Names = [.. Of("js", NewestOfJs), .. Of("python", NewestOfPython)];

    /// <summary>The last migration that a store has a row for; null when it has none.</summary>
    public static int? Last(StoreLayout layout) => layout.Table(TableNames.Migrations)?.Migrations is { Count: > 0 } rows ? rows.Max() : null;

    /// <summary>A captured layout as the named generation's <c>setup()</c> would have left it.</summary>
    /// <exception cref="BackupException">Usage: it was captured from a newer one.</exception>
    public static StoreLayout Upgrade(StoreLayout captured, string name)
    {
        var (to, last) = (Number(name), Last(captured));
        if (last > to)
        {
            var lost = Migrations.Where(m => m.Number > to && m.Number <= last).Select(m => m.What).ToList();
            throw new BackupException(ErrorKind.Usage, $"the backup is of tables with LangGraph's migration {last}, and those of {name} end with {to}{(lost.Count > 0 ? $": they lack {string.Join(", ", lost)}" : "")}",
                "Nothing was changed. Leave --layout away, or name a newer one: nothing is restored into older tables. LangGraph's JS package uses those of the Python package as they are.");
        }
        var rows = captured.Table(TableNames.Migrations) ?? new() { Name = TableNames.Migrations, Columns = [new("v", "integer", true, null)], PrimaryKey = ["v"] };
        rows = rows with { Migrations = [.. (rows.Migrations ?? []).Union(Enumerable.Range((last ?? -1) + 1, to - (last ?? -1))).Order()] };
        var tables = captured.Tables.Where(t => t.Name != TableNames.Migrations).Select(table => Migrations
            .Where(m => m.Table == table.Name && m.Number > (last ?? -1) && m.Number <= to && !m.Done(table)).Aggregate(table, (made, migration) => migration.Apply(made)));
        var at = captured.Tables.TakeWhile(t => t.Name != TableNames.Migrations).Count();
        return captured with { Tables = [.. tables.Take(at), rows, .. tables.Skip(at)] };
    }

    /// <summary>Checks that the tables a target has already are of the named generation: a restore changes no table that is there.</summary>
    /// <exception cref="BackupException">Usage: they are not.</exception>
    public static void CheckTarget(PostgresStoreOptions target, StoreLayout existing, string name)
    {
        var to = Number(name);
        // Indexes of tables without a key are still to come; one that is missing although setup() made it is somebody's wish.
        bool Matters(Migration m, TableLayout table) => m.Number is 4 or 9 || (table.PrimaryKey.Count > 0 && Last(existing) is null);
        var lacking = Migrations.Where(m => m.Number <= to && existing.Table(m.Table) is { } table && !m.Done(table) && Matters(m, table)).Select(m => m.What).ToList();
        var said = new List<string>();
        if (Last(existing) is { } last && last != to) said.Add($"their last migration is {last}, not {to}");
        if (lacking.Count > 0) said.Add($"they lack {string.Join(", ", lacking)}");
        if (said.Count == 0) return;
        throw new BackupException(ErrorKind.Usage, $"'{target.Name}': the tables in {target.Schema} are not those of {name}: {string.Join(", and ", said)}",
            "Nothing was changed. Run LangGraph's setup() on them and leave --layout away, or restore into an empty schema.");
    }

    /// <summary>
    /// Checks that tables whose migrations have no row yet are not newer than those a restore would make. They are of a restore that died, and
    /// finished as older ones they would lack the rows of what they have: a later <c>setup()</c> would make it once more, and fail.
    /// </summary>
    /// <exception cref="BackupException">Usage: they are newer.</exception>
    public static void CheckBegun(PostgresStoreOptions target, StoreLayout made, StoreLayout existing)
    {
        if (existing.Table(TableNames.Migrations) is null || Last(existing) is not null) return;
        var newer = Migrations.Where(m => m.Number is 4 or 9 && existing.Table(m.Table) is { } there && made.Table(m.Table) is { } table && m.Done(there) && !m.Done(table)).Select(m => m.What).ToList();
        if (newer.Count == 0) return;
        throw new BackupException(ErrorKind.Usage, $"'{target.Name}': the tables in {target.Schema} were begun by a restore with another --layout: they have {string.Join(", ", newer)} already, and no row in {TableNames.Migrations}",
            "Nothing was changed. Run this one with the --layout of that one, or into an empty schema.");
    }

    /// <summary>The rows of a captured migrations table that tables as they are in a target bear out.</summary>
    public static IEnumerable<int> Rows(TableLayout migrations, StoreLayout captured, StoreLayout present)
    {
        var missing = migrations.Name != TableNames.Migrations ? null
            : Migrations.FirstOrDefault(m => captured.Table(m.Table) is { } was && present.Table(m.Table) is { } now && m.Done(was) && !m.Done(now));
        return migrations.Migrations!.Where(v => missing is null || v < missing.Number);
    }

    private static IEnumerable<string> Of(string package, int newest) => [package, .. Enumerable.Range(Oldest, newest - Oldest + 1).Select(n => $"{package}-{n}")];

    private static int Number(string name) => name switch
    {
        "js" => NewestOfJs,
        "python" => NewestOfPython,
        _ => int.Parse(name.AsSpan(name.LastIndexOf('-') + 1), System.Globalization.CultureInfo.InvariantCulture),
    };

    private static Migration Index(int number, string table) => new(number, table, $"index {table}_thread_id_idx", t => t.Indexes.Any(i => i.Name == $"{table}_thread_id_idx"),
        t => t with { Indexes = [.. t.Indexes, new($"{table}_thread_id_idx", false, "btree (thread_id)")] });

    /// <summary>One migration that changes a table.</summary>
    private sealed record Migration(int Number, string Table, string What, Func<TableLayout, bool> Done, Func<TableLayout, TableLayout> Apply);
}
