using System.Text.RegularExpressions;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Npgsql;
using Npgsql.Replication;
using NpgsqlTypes;

namespace Backup.Checkpoints.Postgres.Log;

/// <summary>Opens a feed: takes the slot from who has it, and makes publication and slot where they are missing.</summary>
internal sealed partial class FeedOpening(PostgresStoreOptions store, Connections connections, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    public Task<IChangeFeed> OpenAsync(string name, ulong? after, CancellationToken cancellation) => ReplicationErrors.GuardAsync<IChangeFeed>(store, async () =>
    {
        if (!Name().IsMatch(name)) throw new BackupException(ErrorKind.Usage, $"'{name}' is no name of a feed", "Use [a-z0-9_], at most 63 characters.");
        await using var connection = await connections.WriteAsync(cancellation);
        await ReplicationErrors.CheckServerAsync(store, connection, cancellation);
        var started = time.GetTimestamp();
        while (true)
        {
            // Connected before the one that has the slot is ended: so that one sees who did it.
            var replication = await connections.ReplicateAsync(name, cancellation);
            var process = replication.ProcessID;
            LogStream? stream = null;
            try
            {
                var (view, from, gap) = await PrepareAsync(connection, replication, name, after, cancellation);
                stream = new LogStream(replication, name, from);
                await AttachAsync(connection, stream, name, cancellation);
                return new PostgresFeed(store, connections, time, name, view, stream, from, gap);
            }
            catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.ObjectInUse or PostgresErrorCodes.DuplicateObject && time.GetElapsedTime(started) < Patience)
            {
                // Another opens it too; who comes last has it.
                await CloseAsync();
                await Task.Delay(LookEvery, time, cancellation);
            }
            catch (Exception error)
            {
                await CloseAsync();
                if (error is NpgsqlException && await Slot.TakenAsync(store, connection, name, process, error, cancellation) is { } taken) throw taken;
                throw;
            }

            ValueTask CloseAsync() => stream?.DisposeAsync() ?? replication.DisposeAsync();
        }
    });

    private async Task<(FeedView View, ulong From, string? Gap)> PrepareAsync(NpgsqlConnection connection, LogicalReplicationConnection replication, string name, ulong? after, CancellationToken cancellation)
    {
        await Slot.FreeAsync(store, connection, name, time, cancellation);
        var tables = await FeedTables.ReadAsync(store, connection, cancellation);
        var anew = await PostgresErrors.GuardAsync(store, () => Publication.EnsureAsync(store, connection, name, tables.Layout, tables.Ids, cancellation));
        var view = await FeedView.ReadAsync(store, connection, name, cancellation);
        var slot = await Slot.FindAsync(store, connection, name, cancellation);
        var why = anew ? "the publication was not there, or not of exactly these tables" : slot is null ? "the slot was not there" : slot.Lost ? "the server has dropped the log the slot stood for" : null;
        if (why is not null)
        {
            // A slot that is older than its publication cannot be decoded.
            await Slot.DropAsync(connection, name, cancellation);
            // A full snapshot, though nobody reads it: without one the server may start from another slot's, in the middle of transactions.
            var made = await replication.CreatePgOutputReplicationSlot(name, slotSnapshotInitMode: LogicalSlotSnapshotInitMode.Export, cancellationToken: cancellation);
            return (view, (ulong)made.ConsistentPoint, after is null ? null : why);
        }
        if (after is not { } position) return (view, slot!.Confirmed, null);
        if (slot!.Confirmed > position) return (view, slot.Confirmed, "the server was told before that it may forget what comes next");
        if (position > await EndAsync(connection, cancellation)) return (view, slot.Confirmed, "the server's log ends before that position: it was set back");
        return (view, position, null);
    }

    // The stream has the slot when the server says so, or has failed.
    private async Task AttachAsync(NpgsqlConnection connection, LogStream stream, string name, CancellationToken cancellation)
    {
        while (!stream.Arrival.IsCompleted)
        {
            if (await Slot.FindAsync(store, connection, name, cancellation) is { } slot && slot.Reader == stream.Process)
            {
                stream.AskEachSecond();
                return;
            }
            await Task.WhenAny(stream.Arrival, Task.Delay(LookEvery, time, cancellation));
            cancellation.ThrowIfCancellationRequested();
        }
        await stream.Arrival;
    }

    private static async Task<ulong> EndAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select pg_current_wal_insert_lsn()", connection);
        return (ulong)(NpgsqlLogSequenceNumber)(await command.ExecuteScalarAsync(cancellation))!;
    }

    [GeneratedRegex(@"^[a-z0-9_]{1,63}\z")]
    private static partial Regex Name();
}
