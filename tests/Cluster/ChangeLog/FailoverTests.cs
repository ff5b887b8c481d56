using Backup.Contracts;
using Backup.Tests.Cluster.Support;
using Npgsql;

namespace Backup.Tests.Cluster.ChangeLog;

/// <summary>The source's address leads to another server: a standby that was promoted, and one that has nothing to do with it.</summary>
public sealed class FailoverTests
{
    [Fact]
    public async Task A_promoted_standby_is_another_history_and_a_stranger_is_no_continuation()
    {
        await using var primary = await PostgresServer.CreateAsync();
        var standby = await primary.StandbyAsync();
        await using var address = new MovingAddress(primary.Port);
        var connection = At(address.Port);
        await using var store = await FollowedStore.CreateAsync(connection);
        await using var follower = NpgsqlDataSource.Create(At(standby.Port));
        await using var cluster = await LogCluster.StartAsync(connection);
        await RunsAsync(cluster, store);

        // A commit that the standby never gets, as it happens where replication is asynchronous.
        var shared = await store.WriteAsync("shared");
        await Until.TrueAsync("the standby has it", async () => await ScalarAsync<long>(follower, "SELECT count(*) FROM checkpoints WHERE thread_id = 'shared'") == 1);
        await ScalarAsync<bool>(follower, "ALTER SYSTEM SET primary_conninfo = ''; SELECT pg_reload_conf()");
        await Until.TrueAsync("the standby is alone", async () => await ScalarAsync<long>(follower, "SELECT count(*) FROM pg_stat_wal_receiver") == 0);
        await store.WriteAsync("lost");
        await store.WriteMuchAsync();
        var lost = await store.WriteAsync("lost");
        await cluster.UntilAsync("it is in the archive", s => LogPosition.Read(s.LastClosed!.Position) > lost, store);
        var before = DateTimeOffset.UtcNow;
        await cluster.UntilAsync("so is that moment", s => s.LastClosed!.Time > before, store);

        await primary.LoseAsync();
        await standby.PromoteAsync();
        address.Move(standby.Port);
        await Until.TrueAsync("the address answers", async () =>
        {
            try
            {
                return await store.ScalarAsync<bool>("SELECT NOT pg_is_in_recovery()");
            }
            catch (NpgsqlException)
            {
                return false;
            }
        });
        await GapAsync(1);
        await RunsAsync(cluster, store);
        var after = await store.WriteAsync("after");
        await cluster.UntilAsync("it is in the archive", s => LogPosition.Read(s.LastClosed!.Position) > after, store);
        foreach (var (thread, newest, then) in new[] { ("shared", true, true), ("lost", false, true), ("after", true, false) })
        {
            Assert.True(newest == await cluster.HoldsAsync(thread), $"{thread}, newest");
            Assert.True(then == await cluster.HeldAsync(thread, before), $"{thread}, before the failover");
        }
        Assert.True(await cluster.HoldsAsync("shared", shared));
        // The promoted server gives positions of the lost one to commits of its own.
        await store.WriteMuchAsync();
        Assert.True((after = await store.WriteAsync("more")) > lost);
        await cluster.UntilAsync("they are in the archive", s => LogPosition.Read(s.LastClosed!.Position) > after, store);
        var twice = await cluster.RefusedAsync(lost);
        Assert.Equal(ErrorKind.Usage, twice.Kind);
        Assert.Contains("timeline 2", twice.Message);

        // Another server under the same address: nothing of it is taken for a change of what was there.
        await using var other = await PostgresServer.CreateAsync();
        await using var stranger = await FollowedStore.CreateAsync(At(other.Port));
        await stranger.WriteAsync("stranger");
        address.Move(other.Port);
        await GapAsync(2, stranger);
        await cluster.UntilAsync("it has no base", s => s.NeedsBase == true, stranger);
        Assert.False(await cluster.NewestHoldsAsync("stranger"));
        Assert.True(await cluster.NewestHoldsAsync("shared"));
        await cluster.BackupAsync();
        await RunsAsync(cluster, stranger);
        Assert.True(await cluster.HoldsAsync("stranger"));
        Assert.False(await cluster.HoldsAsync("shared"));
        Assert.True(await cluster.HeldAsync("lost", before));

        Task GapAsync(int count, FollowedStore? writer = null)
        {
            var declared = 0;
            return cluster.UntilAsync("the gap is declared", _ => declared == count, writer ?? store, before: async () => declared = (await cluster.StoredAsync()).Gaps.Count);
        }
    }

    private static string At(int port) => new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = port, Username = "postgres", Database = "postgres", Pooling = false }.ConnectionString;

    private static Task RunsAsync(LogCluster cluster, FollowedStore writer) => cluster.UntilAsync("the log runs and has its base", s => s is { State: LogState.Running, NeedsBase: false }, writer);

    private static async Task<T> ScalarAsync<T>(NpgsqlDataSource source, string sql)
    {
        T? value = default;
        foreach (var statement in sql.Split(';'))
        {
            await using var command = source.CreateCommand(statement);
            if (await command.ExecuteScalarAsync() is T read) value = read;
        }
        return value!;
    }
}
