namespace Backup.Checkpoints.Postgres.Layouts;

/// <summary>Which column types can be captured. What would be misread is refused by name.</summary>
internal static class ColumnRules
{
    private static readonly string[] UnitForms = ["text", "character varying", "uuid"];

    /// <exception cref="Contracts.BackupException">Usage.</exception>
    public static void Check(PostgresStoreOptions store, StoreLayout layout)
    {
        foreach (var table in layout.Tables)
        {
            Require(store, table, "blob", TableNames.IsMemory(table.Name) ? null : ["bytea"]);
            Require(store, table, "idx", table.Name == TableNames.Writes ? ["smallint", "integer"] : null);
            Require(store, table, "checkpoint", table.Name == TableNames.Checkpoints ? ["jsonb", "json"] : null);
            Require(store, table, "metadata", table.Name == TableNames.Checkpoints ? ["jsonb", "json"] : null);
        }
        CheckUnits(store, TableNames.Threads.Select(t => layout.Table(t)).OfType<TableLayout>().ToList());
        CheckUnits(store, new[] { TableNames.Store, TableNames.Vectors }.Select(t => layout.Table(t)).OfType<TableLayout>().ToList());
    }

    // The tables are read side by side in the order of their unit column, so that order must be one, and equal must mean the same.
    private static void CheckUnits(PostgresStoreOptions store, List<TableLayout> tables)
    {
        if (tables.Count == 0) return;
        var first = tables[0].Column(LayoutRules.UnitColumn(tables[0])!)!;
        foreach (var table in tables)
        {
            var unit = LayoutRules.UnitColumn(table)!;
            var column = table.Column(unit)!;
            Require(store, table, unit, UnitForms);
            if (column.Folding)
                throw LayoutRules.Refused(store, $"column {unit} of {store.Schema}.{table.Name} has a collation under which different ids count as equal", "Give it a deterministic collation.");
            if (column.Form != first.Form || column.Collation != first.Collation)
                throw LayoutRules.Refused(store, $"column {unit} has another type or collation in {store.Schema}.{table.Name} than in {store.Schema}.{tables[0].Name}", "Give it the same in all of LangGraph's tables.");
        }
    }

    private static void Require(PostgresStoreOptions store, TableLayout table, string name, string[]? forms)
    {
        if (forms is null || table.Column(name) is not { } column || forms.Contains(column.Form)) return;
        throw LayoutRules.Refused(store, $"column {name} of {store.Schema}.{table.Name} has type {column.Type}, not {string.Join(" or ", forms)}", "This is not a layout of LangGraph's.");
    }
}
