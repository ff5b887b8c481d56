using Npgsql;

namespace Backup.Benchmarks.Data;

/// <summary>The last turn of one in a hundred threads, taken out of a schema before a backup and put back as the turn that came after it.</summary>
internal static class LastTurn
{
    /// <summary>Takes it out; returns how many threads and rows.</summary>
    public static async Task<(long Threads, long Rows)> TakeAsync(NpgsqlDataSource database, string schema)
    {
        await using var connection = await database.OpenConnectionAsync();
        // Rows stand in the heap in the order they were written: a turn begins with the root graph's last input.
        await ExecuteAsync(connection, $"""
            drop schema if exists held cascade; create schema held;
            create table held.turns as select thread_id, max(ctid) as first from {schema}.checkpoints
              where checkpoint_ns = '' and metadata->>'source' = 'input' and thread_id in (select thread_id from (select distinct thread_id from {schema}.checkpoints) t order by md5(thread_id) limit greatest(1, (select count(distinct thread_id) / 100 from {schema}.checkpoints)))
              group by thread_id;
            create table held.checkpoints as select c.* from {schema}.checkpoints c join held.turns t using (thread_id) where c.ctid >= t.first;
            delete from {schema}.checkpoints c using held.turns t where c.thread_id = t.thread_id and c.ctid >= t.first;
            create table held.checkpoint_writes as select w.* from {schema}.checkpoint_writes w join held.checkpoints using (thread_id, checkpoint_ns, checkpoint_id);
            delete from {schema}.checkpoint_writes w using held.checkpoints c where (w.thread_id, w.checkpoint_ns, w.checkpoint_id) = (c.thread_id, c.checkpoint_ns, c.checkpoint_id);
            create table held.named as select distinct c.thread_id, c.checkpoint_ns, v.key as channel, v.value as version
              from {schema}.checkpoints c join held.turns using (thread_id), jsonb_each_text(c.checkpoint->'channel_versions') v;
            create table held.checkpoint_blobs as select b.* from {schema}.checkpoint_blobs b join held.turns using (thread_id)
              where not exists (select from held.named n where (n.thread_id, n.checkpoint_ns, n.channel, n.version) = (b.thread_id, b.checkpoint_ns, b.channel, b.version));
            delete from {schema}.checkpoint_blobs b using held.checkpoint_blobs h where (b.thread_id, b.checkpoint_ns, b.channel, b.version) = (h.thread_id, h.checkpoint_ns, h.channel, h.version);
            """);
        await using var command = database.CreateCommand("select (select count(*) from held.turns), (select count(*) from held.checkpoints) + (select count(*) from held.checkpoint_blobs) + (select count(*) from held.checkpoint_writes)");
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    /// <summary>Puts it back, in one transaction, as rows that are new.</summary>
    public static async Task PutBackAsync(NpgsqlDataSource database, string schema)
    {
        await using var connection = await database.OpenConnectionAsync();
        await ExecuteAsync(connection, string.Concat(Table.All.Select(t => $"insert into {schema}.{t.Name} select * from held.{t.Name};")) + "drop schema held cascade");
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }
}
