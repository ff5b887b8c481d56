using Backup.Checkpoints.Postgres;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;
using Npgsql;
using NpgsqlTypes;

namespace Backup.Tests.StoreSuite.Postgres;

/// <summary>A cut whose position is exact: with the changes at or above it, it gives every later state.</summary>
public sealed class ExactCutTests(DatabaseFixture fixture)
{
    [Fact]
    public async Task A_cut_and_the_changes_from_its_position_on_are_the_store()
    {
        const int Cuts = 12;
        await using var store = await CreateAsync();
        await using var source = Exact(store);
        await using var feed = await FeedUnderTest.OpenAsync(store);
        using var enough = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4).Select(seed => Task.Run(() => WriteAsync(store, 7919u * (uint)(seed + 1), enough.Token))).ToList();
        var cuts = new List<(ulong Position, Contents Contents)>();
        while (cuts.Count < Cuts)
        {
            await using var cut = await source.CutAsync(default);
            cuts.Add((Position(cut), await Contents.ReadAsync(cut)));
            await feed.ReadUntilAsync(Position(cut));
        }
        await enough.CancelAsync();
        var written = (await Task.WhenAll(writers)).Sum();
        await feed.CatchUpAsync();
        Assert.True(written > 100 && feed.Transactions.Count > 100, $"{written} transactions, {feed.Transactions.Count} seen");
        var now = await Contents.ReadAsync(store.Source);
        Contents.AssertEqual(now, feed.Replay(new()), "from nothing");
        foreach (var (position, contents) in cuts) Contents.AssertEqual(now, feed.Replay(contents, position), $"from the cut at {position}");
    }

    [Fact]
    public async Task Who_joins_it_gets_the_same_position()
    {
        await using var store = await CreateAsync();
        await using var source = Exact(store);
        await using var other = Exact(store);
        await using var cut = await source.CutAsync(default);
        await store.WriteAsync(Support.Samples.Thread(new(), "later", 1));
        await using var joined = await other.JoinCutAsync(cut.Description.Token, default);
        await using var joinedAgain = await store.Source.JoinCutAsync(joined.Description.Token, default);
        foreach (var description in new[] { joined.Description, joinedAgain.Description })
        {
            Assert.Equal(cut.Description.Position, description.Position);
            Assert.Equal(cut.Description.Identity, description.Identity);
        }
        Assert.Equal("true", cut.Description.Identity["positionExact"]);
        Assert.Empty((await Contents.ReadAsync(joinedAgain)).Units);
        await using var plain = await store.Source.CutAsync(default);
        await store.WriteAsync(Support.Samples.Thread(new(), "later still", 1));
        await using var plainJoined = await store.Source.JoinCutAsync(plain.Description.Token, default);
        Assert.Equal(plain.Description.Position, plainJoined.Description.Position);
        Assert.False(plainJoined.Description.Identity.ContainsKey("positionExact"));
        Assert.Equal(0, await store.ScalarAsync<long>("SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'backup_cut%' AND database = current_database() AND active_pid NOT IN (SELECT pid FROM pg_stat_activity)"));
    }

    [Fact]
    public async Task Increments_go_on_from_it_and_to_it()
    {
        await using var store = await CreateAsync();
        await using var source = Exact(store);
        foreach (var (first, second) in new (ICheckpointSource, ICheckpointSource)[] { (source, source), (source, store.Source), (store.Source, source) })
        {
            EarlierCut earlier;
            await using (var before = await first.CutAsync(default)) earlier = new(before.Description.Identity, before.Description.Position, before.Description.Layout);
            var thread = Randomness.Token(8);
            await store.WriteAsync(Support.Samples.Thread(new(), thread, 1));
            await using var cut = await second.CutAsync(default);
            Assert.Equal(ContinuityKind.GoesOn, cut.Changes!.ContinuityWith(earlier).Kind);
            var touched = new List<string>();
            await foreach (var unit in cut.Changes.ActivityAsync(earlier, default))
                if (unit.Touched) touched.Add(unit.Unit.Id);
            Assert.Contains(thread, touched);
        }
    }

    [Fact]
    public async Task It_waits_for_transactions_that_write_and_says_so()
    {
        await using var store = await new PostgresUnderTest(fixture.Database, options: "-c lock_timeout=300ms").SetupAsync();
        await using var source = Exact(store);
        await using var data = NpgsqlDataSource.Create(fixture.Database.ConnectionString);
        await using (var writer = await data.OpenConnectionAsync())
        await using (var transaction = await writer.BeginTransactionAsync())
        {
            await using (var command = new NpgsqlCommand(store.Named("INSERT INTO {s}.checkpoints (thread_id, checkpoint_id, checkpoint) VALUES ('t', 'c', '{}')"), writer)) await command.ExecuteNonQueryAsync();
            var error = await Assert.ThrowsAsync<BackupException>(() => source.CutAsync(default));
            Assert.Equal(ErrorKind.Conflict, error.Kind);
            Assert.Contains("does not end", error.Message, StringComparison.Ordinal);
            await transaction.CommitAsync();
        }
        await using var cut = await source.CutAsync(default);
        Assert.Single((await Contents.ReadAsync(cut)).Units);
    }

    // Transactions as nobody's app would make them; those that others are in the way of are given up.
    private static async Task<int> WriteAsync(PostgresUnderTest store, uint seed, CancellationToken enough)
    {
        await using var source = NpgsqlDataSource.Create(store.ConnectionString);
        await using var connection = await source.OpenConnectionAsync(CancellationToken.None);
        var committed = 0;
        while (!enough.IsCancellationRequested)
        {
            try
            {
                await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
                for (var steps = Next(6) + 1; steps > 0; steps--) await ExecuteAsync(Statement());
                if (Next(3) == 0)
                {
                    await ExecuteAsync("SAVEPOINT a");
                    for (var steps = Next(4); steps > 0; steps--) await ExecuteAsync(Statement());
                    await ExecuteAsync(Next(2) == 0 ? "ROLLBACK TO a" : "RELEASE a");
                    await ExecuteAsync(Statement());
                }
                if (Next(5) == 0) await transaction.RollbackAsync(CancellationToken.None);
                else
                {
                    await transaction.CommitAsync(CancellationToken.None);
                    committed++;
                }
            }
            catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected)
            {
            }
        }
        return committed;

        uint Next(uint below)
        {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            return seed % below;
        }

        string Statement() => (Next(9), Next(12), Next(40)) switch
        {
            (0 or 1, var t, var c) => $"INSERT INTO {{s}}.checkpoints VALUES ('t{t}', '', 'c{c}', NULL, NULL, '{{\"v\": {Next(9)}}}', '{{}}') ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id) DO UPDATE SET checkpoint = excluded.checkpoint",
            (2 or 3, var t, var c) => $"INSERT INTO {{s}}.checkpoint_writes SELECT 't{t}', '', 'c{c}', 'k', i, 'm', 'json', decode(md5('{Next(99)}'), 'hex'), '' FROM generate_series(0, {Next(9)}) i ON CONFLICT DO NOTHING",
            (4, var t, var c) => $"INSERT INTO {{s}}.checkpoint_blobs VALUES ('t{t}', '', 'm', '{c}', 'json', decode(repeat(md5('{Next(99)}'), {Next(400)}), 'hex')) ON CONFLICT DO NOTHING",
            (5, var t, var c) => $"UPDATE {{s}}.checkpoint_writes SET idx = idx + 1000 WHERE thread_id = 't{t}' AND checkpoint_id = 'c{c}' AND idx < 1000",
            (6, var t, var c) => $"UPDATE {{s}}.checkpoint_blobs SET thread_id = 't{Next(12)}', type = 'x' WHERE thread_id = 't{t}' AND version = '{c}'",
            (7, var t, var c) => $"DELETE FROM {{s}}.checkpoint_writes WHERE thread_id = 't{t}' AND checkpoint_id = 'c{c}'",
            (_, var t, _) => $"DELETE FROM {{s}}.checkpoints WHERE thread_id = 't{t}'",
        };

        async Task ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(store.Named(sql), connection);
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    private static ulong Position(ISourceCut cut) => (ulong)NpgsqlLogSequenceNumber.Parse(cut.Description.Position!);

    private static PostgresStore Exact(PostgresUnderTest store) => new(new() { Name = store.Schema, ConnectionString = store.ConnectionString, Schema = store.Schema, ExactCut = true });

    private Task<PostgresUnderTest> CreateAsync() => new PostgresUnderTest(fixture.Database).SetupAsync();
}
