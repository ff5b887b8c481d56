using System.Globalization;
using Backup.Checkpoints.Postgres.Layouts;
using Backup.Checkpoints.Stores;
using NpgsqlTypes;

namespace Backup.Checkpoints.Postgres.Changes;

/// <summary>Decides whether a row's xmin says what was written since an earlier cut.</summary>
internal static class ContinuityCheck
{
    public static Continuity Check(CutDescription now, StoreLayout layout, EarlierCut earlier)
    {
        var (then, is_) = (earlier.Identity, now.Identity);
        if (Differs("systemIdentifier") is { } system) return new(ContinuityKind.Foreign, system);
        if (Differs("database") is { } database) return new(ContinuityKind.Foreign, database);
        foreach (var name in new[] { "systemIdentifier", "timeline", "snapshotXmin", "snapshotXmax" })
            if (!then.ContainsKey(name) || !is_.ContainsKey(name)) return Compare($"the role may not ask for the source's {name}");
        foreach (var name in new[] { "databaseOid", "timeline", "schema" })
            if (Differs(name) is { } what) return Compare(what);
        foreach (var (name, id) in is_.Where(i => i.Key.StartsWith("table:", StringComparison.Ordinal)))
            if (then.GetValueOrDefault(name) != id) return Compare($"table {name["table:".Length..]} is not the one it was");
        foreach (var name in then.Keys.Where(n => n.StartsWith("table:", StringComparison.Ordinal) && !is_.ContainsKey(n)))
            return Compare($"table {name["table:".Length..]} is not there any more");
        if (then.GetValueOrDefault("partitions") != is_.GetValueOrDefault("partitions")) return Compare("partitions came or went");
        if (ColumnsDiffer(StoreLayout.Decode(earlier.Layout), layout) is { } column) return Compare(column);
        var (before, xmax) = (TouchedRows.Xmin(then) ?? 0, ulong.Parse(is_["snapshotXmax"], CultureInfo.InvariantCulture));
        if (xmax < ulong.Parse(then["snapshotXmax"], CultureInfo.InvariantCulture)) return Compare("the source's transaction counter is behind the base: it was set back");
        if (xmax - before > TouchedRows.MaxDistance) return Compare($"{xmax - before} transactions lie between, more than their ids can order");
        if (earlier.Position is { } position && now.Position is { } here && NpgsqlLogSequenceNumber.Parse(here) < NpgsqlLogSequenceNumber.Parse(position))
            return Compare("the source's log is behind the base: it was set back");
        return new(ContinuityKind.GoesOn);

        string? Differs(string name) => then.TryGetValue(name, out var was) && is_.TryGetValue(name, out var value) && was != value ? $"{name} was {was} and is {value}" : null;
    }

    /// <summary>The first column that came, went or has another type, in words. One that comes with a default changes every row and touches none.</summary>
    public static string? ColumnsDiffer(StoreLayout then, StoreLayout now)
    {
        foreach (var table in now.Tables)
        {
            if (then.Table(table.Name) is not { } was) continue;
            var (before, after) = (Columns(was), Columns(table));
            if (before.Except(after).Concat(after.Except(before)).FirstOrDefault() is { Name: not null } column) return $"column {column.Name} of {table.Name} is not what it was";
        }
        return null;
    }

    // A writes table without task_path equals one where it has its default.
    private static HashSet<(string Name, string Type)> Columns(TableLayout table) =>
        [.. table.Columns.Where(c => !(table.Name == TableNames.Writes && c.Name == "task_path")).Select(c => (c.Name, c.Type))];

    private static Continuity Compare(string reason) => new(ContinuityKind.Compare, reason);
}
