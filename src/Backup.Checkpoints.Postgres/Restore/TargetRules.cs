using Backup.Checkpoints.Postgres.Layouts;
using Backup.Contracts;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>Whether the tables of a target can carry what was captured. What cannot be carried is named before a byte is written.</summary>
internal static class TargetRules
{
    /// <exception cref="BackupException">Usage: a column would be lost or changed, or the tables are of another kind.</exception>
    public static void Check(PostgresStoreOptions target, StoreLayout captured, StoreLayout existing, string? generation)
    {
        if (generation is not null) Generations.CheckTarget(target, existing, generation);
        Generations.CheckBegun(target, captured, existing);
        foreach (var table in captured.Tables.Where(t => !TableNames.IsMigrations(t.Name)))
        {
            if (existing.Table(table.Name) is not { } present) continue;
            // A write's task path is '' in a store that never had the column; a path that is not '' is refused when it comes.
            var lost = table.Columns.Select(c => c.Name).Where(c => !present.Has(c) && c != "task_path").ToList();
            if (lost.Count > 0)
                throw new BackupException(ErrorKind.Usage, $"'{target.Name}': table {target.Schema}.{table.Name} has no column {string.Join(", ", lost)}, which was captured",
                    "Nothing was changed. Add the column, or restore into an empty schema, which gets the captured layout.");
            var required = present.Columns.Where(c => c is { NotNull: true, Default: null, Numbered: false } && !table.Has(c.Name)).Select(c => c.Name).ToList();
            if (required.Count > 0)
                throw new BackupException(ErrorKind.Usage, $"'{target.Name}': column {string.Join(", ", required)} of {target.Schema}.{table.Name} needs a value that was not captured",
                    "Nothing was changed. Give the column a default, or restore into an empty schema.");
            foreach (var column in table.Columns)
                if (present.Column(column.Name) is { } into && !Carries(column, into))
                    throw new BackupException(ErrorKind.Usage, $"'{target.Name}': column {column.Name} of {target.Schema}.{table.Name} has type {into.Type}, and {column.Type} was captured",
                        "Nothing was changed. Give the column the captured type, or restore into an empty schema.");
        }
        LayoutRules.Check(target, existing with { Tables = [.. existing.Tables, .. captured.Tables.Where(t => existing.Table(t.Name) is null)] });
    }

    /// <summary>
    /// What of a target's tables is written and compared: not the columns that the captured store did not have and that have a default,
    /// which they get.
    /// </summary>
    public static StoreLayout View(StoreLayout existing, StoreLayout captured) => existing with
    {
        Tables = existing.Tables.Select(table => captured.Table(table.Name) is not { } known ? table
            : table with { Columns = table.Columns.Where(c => known.Has(c.Name) || c.Name == "task_path" || c is { Default: null, Numbered: false }).ToList() }).ToList(),
    };

    // Types that print every value alike. A type's schema depends on the search path of who looked.
    private static bool Carries(ColumnLayout captured, ColumnLayout into) =>
        Bare(captured.Type) == Bare(into.Type)
        || (into.Form, captured.Form) switch
        {
            ("text" or "character varying", "text" or "character varying" or "uuid") => into.Base is not null || into.Type == into.Form,
            ("integer" or "bigint", "smallint" or "integer") or ("bigint", "bigint") => true,
            ("json", "jsonb" or "json") or ("jsonb", "jsonb") or ("bytea", "bytea") => true,
            _ => false,
        };

    private static string Bare(string type) => type[(type.LastIndexOf('.') + 1)..];
}
