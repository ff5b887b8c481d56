using Npgsql;
using Npgsql.Replication;
using Npgsql.Replication.Internal;
using Npgsql.Replication.PgOutput;
using NpgsqlTypes;

namespace Backup.Checkpoints.Postgres.Log;

/// <summary>The messages of a slot, from a position on.</summary>
internal sealed class LogStream : IAsyncDisposable
{
    private const int Initial = 1 << 20;
    private readonly LogicalReplicationConnection connection;
    private readonly CancellationTokenSource stop = new();
    private readonly IAsyncEnumerator<XLogDataMessage> messages;
    private byte[] buffer = new byte[Initial];
    private Task<bool>? pending;
    private int disposed;

    /// <param name="connection">Open and idle; the stream's from now on.</param>
    /// <param name="name">Name of slot and publication.</param>
    /// <param name="from">Commits below it are left out.</param>
    public LogStream(LogicalReplicationConnection connection, string name, ulong from)
    {
        this.connection = connection;
        var options = new Dictionary<string, string?> { ["proto_version"] = "1", ["publication_names"] = Sql.Name(name) };
        messages = connection.StartLogicalReplication(new PgOutputReplicationSlot(name), stop.Token, new NpgsqlLogSequenceNumber(from), options).GetAsyncEnumerator(CancellationToken.None);
        pending = messages.MoveNextAsync().AsTask();
    }

    /// <summary>The server's process at the other end.</summary>
    public int Process => connection.ProcessID;

    /// <summary>How far the log was received: whatever commits below it has been sent before.</summary>
    public ulong Received => (ulong)connection.LastReceivedLsn;

    /// <summary>Completes with the next message's arrival, or with the stream's error.</summary>
    public Task<bool> Arrival => pending ??= messages.MoveNextAsync().AsTask();

    /// <summary>The next message, which is valid until the next call; null at the end.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync()
    {
        var arrived = pending is null ? await messages.MoveNextAsync() : await pending;
        pending = null;
        if (!arrived) return null;
        // One large row must not keep its buffer for ever.
        if (buffer.Length > Initial) buffer = new byte[Initial];
        var (data, length) = (messages.Current.Data, 0);
        while (true)
        {
            if (length == buffer.Length) Array.Resize(ref buffer, (int)Math.Min(Array.MaxLength, buffer.Length * 2L));
            var read = await data.ReadAsync(buffer.AsMemory(length), stop.Token);
            length += read;
            if (read == 0) break;
        }
        // A server's process that is ended may leave a message half sent, and the driver's stream ends there as if it were whole.
        if (length != data.Length) throw new NpgsqlException("the connection ended inside a message", new EndOfStreamException());
        // When the server ends the stream with an error, the driver would wait for more of a message that is not disposed of, and tell nobody.
        await data.DisposeAsync();
        return buffer.AsMemory(0, length);
    }

    /// <summary>
    /// From now on the server is asked for its position when it has sent nothing for a second: while others write much it does not tell it
    /// by itself. The driver asks after half of this time; how long it waits for the server was settled when the stream began.
    /// </summary>
    public void AskEachSecond() => connection.WalReceiverTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Tells the server that it may forget what is below the position.</summary>
    public Task AcknowledgeAsync(ulong position, CancellationToken cancellation)
    {
        connection.SetReplicationStatus(new NpgsqlLogSequenceNumber(position));
        return connection.SendStatusUpdate(cancellation);
    }

    /// <summary>Makes a read that waits end.</summary>
    public void Stop() => stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        await stop.CancelAsync();
        try
        {
            if (pending is not null) await pending;
            await messages.DisposeAsync();
        }
        catch (Exception)
        {
            // Whatever ended the stream was told to who read it, or nobody reads it any more.
        }
        await connection.DisposeAsync();
        stop.Dispose();
    }
}
