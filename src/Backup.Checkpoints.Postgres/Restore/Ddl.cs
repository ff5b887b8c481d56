using Backup.Checkpoints.Postgres.Layouts;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>The statements that make a captured layout anew in a schema.</summary>
internal static class Ddl
{
    // The JS store keeps updated_at by this trigger (formats.md §2.8).
    private const string UpdatedAtTrigger = "update_store_updated_at";
    private const string UpdatedAtFunction = "update_updated_at_column";

    public static string CreateTable(string schema, TableLayout table)
    {
        var columns = table.Columns.Select(c =>
            $"{Sql.Name(c.Name)} {c.Type}{(c.Default is { } expression ? $" DEFAULT {expression}" : "")}{(c.NotNull ? " NOT NULL" : "")}");
        return $"CREATE TABLE {Name(schema, table)} ({string.Join(", ", columns)})";
    }

    /// <summary>The primary key, then the other indexes, then what refers to other tables.</summary>
    public static IEnumerable<string> Keys(string schema, TableLayout table)
    {
        if (table.PrimaryKey.Count > 0)
            yield return $"ALTER TABLE {Name(schema, table)} ADD PRIMARY KEY ({string.Join(", ", table.PrimaryKey.Select(Sql.Name))})";
        foreach (var index in table.Indexes)
            yield return $"CREATE {(index.Unique ? "UNIQUE " : "")}INDEX {Sql.Name(index.Name)} ON {Name(schema, table)} USING {index.Definition}";
    }

    /// <summary>Foreign keys and triggers, once every table has its key.</summary>
    public static IEnumerable<string> Relations(string schema, TableLayout table)
    {
        if (table.Name == TableNames.Vectors)
        {
            var unit = LayoutRules.UnitColumn(table)!;
            yield return $"ALTER TABLE {Name(schema, table)} ADD FOREIGN KEY ({unit}, key) REFERENCES {Sql.Name(schema)}.{TableNames.Store} ({unit}, key) ON DELETE CASCADE";
        }
        if (!table.Triggers.Contains(UpdatedAtTrigger)) yield break;
        yield return $"CREATE OR REPLACE FUNCTION {Sql.Name(schema)}.{UpdatedAtFunction}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at = CURRENT_TIMESTAMP; RETURN NEW; END $$";
        yield return $"CREATE TRIGGER {UpdatedAtTrigger} BEFORE UPDATE ON {Name(schema, table)} FOR EACH ROW EXECUTE FUNCTION {Sql.Name(schema)}.{UpdatedAtFunction}()";
    }

    public static string Name(string schema, TableLayout table) => $"{Sql.Name(schema)}.{Sql.Name(table.Name)}";
}
