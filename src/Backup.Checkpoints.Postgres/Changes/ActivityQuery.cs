using Backup.Checkpoints.Postgres.Layouts;

namespace Backup.Checkpoints.Postgres.Changes;

/// <summary>The statement that counts the rows of every unit and says whether one was touched. Reads each table once, and no value.</summary>
internal static class ActivityQuery
{
    /// <summary>Columns: the unit's id as text, whether a row was touched, the rows of each of <paramref name="tables"/>. Ordered by the bytes of the id.</summary>
    public static string Of(string schema, IReadOnlyList<RecordColumns> tables, string touched)
    {
        var branches = tables.Select((t, i) =>
            $"select {Sql.Name(t.Unit)}::text as u, bool_or({touched}) as t, {string.Join(", ", tables.Select((_, k) => (k == i ? "count(*)" : "0::bigint") + $" as n{k}"))} from {Sql.Name(schema)}.{Sql.Name(t.Table.Name)} group by {Sql.Name(t.Unit)}");
        var counts = string.Join(", ", tables.Select((_, k) => $"sum(n{k})::bigint"));
        return $"select u, bool_or(t), {counts} from ({string.Join(" union all ", branches)}) rows group by u order by u collate \"C\"";
    }
}
