using Backup.Checkpoints.Postgres.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>Whether the tables of a target can carry what was captured. What cannot be carried is named before a byte is written.</summary>
internal static class TargetRules
{
    /// <exception cref="BackupException">Usage: a column would be lost, or the tables are of another kind.</exception>
    public static void Check(PostgresStoreOptions target, StoreLayout captured, StoreLayout existing, TargetIntent intent)
    {
        foreach (var table in captured.Tables.Where(t => !TableNames.IsMigrations(t.Name)))
        {
            if (existing.Table(table.Name) is not { } present) continue;
            // A write's task path is '' in a store that never had the column; a path that is not '' is refused when it comes.
            var lost = table.Columns.Select(c => c.Name).Where(c => !present.Has(c) && c != "task_path").ToList();
            if (lost.Count > 0)
                throw new BackupException(ErrorKind.Usage, $"'{target.Name}': table {target.Schema}.{table.Name} has no column {string.Join(", ", lost)}, which was captured",
                    "Nothing was changed. Add the column, or restore into an empty schema, which gets the captured layout.");
            var required = present.Columns.Where(c => c is { NotNull: true, Default: null } && !table.Has(c.Name) && c.Name != "task_path").Select(c => c.Name).ToList();
            if (required.Count > 0)
                throw new BackupException(ErrorKind.Usage, $"'{target.Name}': column {string.Join(", ", required)} of {target.Schema}.{table.Name} needs a value that was not captured",
                    "Nothing was changed. Give the column a default, or restore into an empty schema.");
        }
        LayoutRules.Check(target, existing with { Tables = [.. existing.Tables, .. captured.Tables.Where(t => existing.Table(t.Name) is null)] });
    }
}
