using Backup.Checkpoints.Postgres.Layouts;
using Backup.Contracts;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>What of captured tables a restore does not make: a table that is there stays as it is, and triggers of others are known by name only.</summary>
internal static class DroppedLayout
{
    public static IReadOnlyList<DroppedExtra> Of(StoreLayout captured, StoreLayout existing)
    {
        long indexes = 0, generated = 0, triggers = 0;
        foreach (var table in captured.Tables)
        {
            // Tables without a key are those of a restore that goes on: they get what is missing.
            var present = existing.Table(table.Name) is { PrimaryKey.Count: > 0 } there ? there : null;
            triggers += table.Triggers.Count(t => present is null ? t != Ddl.UpdatedAtTrigger : !present.Triggers.Contains(t));
            if (present is null) continue;
            indexes += table.Indexes.Count(i => !present.Indexes.Any(p => (p.Unique, p.Definition) == (i.Unique, i.Definition)));
            generated += table.Generated.Count(g => !present.Has(g.Name) && !present.Generated.Any(p => p.Name == g.Name));
        }
        return [.. new[] { ("index", indexes), ("generated column", generated), ("trigger", triggers) }
            .Where(d => d.Item2 > 0).Select(d => new DroppedExtra { Of = "table", What = d.Item1, Count = d.Item2 })];
    }
}
