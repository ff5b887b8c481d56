using System.Runtime.CompilerServices;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Log;

/// <summary>A feed that is open: its slot is read by this process.</summary>
internal sealed class PostgresFeed(PostgresStoreOptions store, Connections connections, TimeProvider time, string name, FeedView view, LogStream stream, ulong from, string? gap) : IChangeFeed
{
    // How often the position is looked at while nothing comes.
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private ulong acknowledged;
    private int reading;
    private Exception? ended;

    public ulong From => from;

    public string? Gap => gap;

    public IReadOnlyDictionary<string, string> Identity { get; } = view.Identity.Where(fact => !FeedView.Unimportant.Contains(fact.Key)).ToDictionary();

    public string Layout { get; } = view.Tables.Layout.Encode();

    public async IAsyncEnumerable<FeedEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref reading, 1) != 0) throw new InvalidOperationException("a feed is read once");
        using var stopping = cancellation.Register(stream.Stop);
        using var ticks = new PeriodicTimer(LookEvery, time);
        await using var clock = new ServerClock(connections, time);
        var decoder = new LogDecoder(store, view.Tables.All, from);
        Task? tick = null;
        while (true)
        {
            if (!decoder.InTransaction)
            {
                if (clock.IsDue) await GuardAsync(() => clock.AskAsync(cancellation), cancellation);
                // Taken before a message is: it never covers a transaction that is on its way.
                var received = Math.Max(stream.Received, from);
                if (clock.ReachedBy(received) is { } reached) yield return new(FeedEventKind.Reached) { Position = received, Time = reached };
                if (!stream.Arrival.IsCompleted)
                {
                    await Task.WhenAny(stream.Arrival, tick ??= ticks.WaitForNextTickAsync(cancellation).AsTask());
                    if (tick.IsCompleted) tick = null;
                    if (!stream.Arrival.IsCompleted)
                    {
                        cancellation.ThrowIfCancellationRequested();
                        continue;
                    }
                }
            }
            if (await GuardAsync(() => stream.ReadAsync(), cancellation) is not { } message) throw Ended();
            foreach (var one in decoder.Decode(message)) yield return one;
        }
    }

    public Task<string?> CheckAsync(CancellationToken cancellation) => PostgresErrors.GuardAsync(store, async () =>
    {
        await using var connection = await connections.ReadAsync(cancellation);
        try
        {
            return view.DifferenceTo(await FeedView.ReadAsync(store, connection, name, cancellation));
        }
        catch (BackupException error) when (error.Kind is ErrorKind.NotFound or ErrorKind.Usage)
        {
            return error.Message;
        }
    });

    public Task<long> RetainedBytesAsync(CancellationToken cancellation) => PostgresErrors.GuardAsync(store, async () =>
    {
        await using var connection = await connections.ReadAsync(cancellation);
        await using var command = new NpgsqlCommand("select pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint from pg_catalog.pg_replication_slots where slot_name = $1", connection) { Parameters = { new() { Value = name } } };
        return await command.ExecuteScalarAsync(cancellation) as long? ?? throw Gone();
    });

    public async Task AcknowledgeAsync(ulong position, CancellationToken cancellation)
    {
        // A connection takes a last write after the other end is gone.
        if (ended is not null) throw ended;
        // A slot is never set back.
        if (position < from || position <= acknowledged) return;
        await GuardAsync(() => stream.AcknowledgeAsync(position, cancellation), cancellation);
        acknowledged = position;
    }

    public Task DropAsync(CancellationToken cancellation) => PostgresErrors.GuardAsync(store, async () =>
    {
        await stream.DisposeAsync();
        await using var connection = await connections.WriteAsync(cancellation);
        await Slot.FreeAsync(store, connection, name, time, cancellation);
        await Slot.DropAsync(connection, name, cancellation);
        await Publication.DropAsync(connection, name, cancellation);
    });

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private Task GuardAsync(Func<Task> work, CancellationToken cancellation) => GuardAsync(async () =>
    {
        await work();
        return new ValueTuple();
    }, cancellation).AsTask();

    private async ValueTask<T> GuardAsync<T>(Func<ValueTask<T>> work, CancellationToken cancellation)
    {
        try
        {
            return await work();
        }
        catch (Exception error) when (error is not BackupException)
        {
            cancellation.ThrowIfCancellationRequested();
            throw ended = await ExplainAsync(error, cancellation) ?? error;
        }
    }

    // The server ends the reader of a slot with the same words when it stops and when another takes over.
    private async Task<BackupException?> ExplainAsync(Exception error, CancellationToken cancellation)
    {
        connections.Forget();
        try
        {
            await using var connection = await connections.WriteAsync(cancellation);
            if (await Slot.TakenAsync(store, connection, name, stream.Process, error, cancellation) is { } taken) return taken;
            if (await Slot.FindAsync(store, connection, name, cancellation) is not { Lost: false }) return Gone(error);
            if (error is PostgresException { SqlState: PostgresErrorCodes.UndefinedObject })
            {
                // What was committed while there was no publication cannot be decoded, now or later: the next one begins anew, with a gap.
                await Slot.FreeAsync(store, connection, name, time, cancellation);
                await Slot.DropAsync(connection, name, cancellation);
                return Gone(error);
            }
        }
        catch (Exception other) when (other is BackupException or NpgsqlException)
        {
            // Then what ended the stream says it.
        }
        // A server that stops says goodbye in words the driver does not expect.
        return error is NpgsqlException { InnerException: null } and not PostgresException ? Ended(error) : PostgresErrors.Translate(store, error);
    }

    private BackupException Gone(Exception? error = null) => new(ErrorKind.Conflict, $"the feed {name} of '{store.Name}' is gone from the server: its slot or publication was dropped or lost", "Open it again; it begins with a gap.", error);

    private BackupException Ended(Exception? error = null) => new(ErrorKind.Unreachable, $"the server of '{store.Name}' ended its log", "Check that it runs, then open the feed again.", error);
}
