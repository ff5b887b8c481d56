using Backup.Contracts;
using Npgsql;
using NpgsqlTypes;

namespace Backup.Checkpoints.Postgres.Log;

/// <summary>
/// Asks each second how far the log is on disk and what the server's clock shows. Once the feed has received the log up to there, no
/// commit below is outstanding.
/// </summary>
internal sealed class ServerClock(Connections connections, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private const int SecondsToAnswer = 30;
    private const int MostAsked = 4096;
    private readonly Queue<(ulong Position, DateTimeOffset Time)> asked = [];
    private NpgsqlConnection? connection;
    private long last;

    /// <summary>True when it is time to ask.</summary>
    public bool IsDue => last == 0 || time.GetElapsedTime(last) >= Every;

    /// <summary>Asks.</summary>
    public async Task AskAsync(CancellationToken cancellation)
    {
        last = time.GetTimestamp();
        // A feed that is behind for long has more answers than it needs.
        if (asked.Count >= MostAsked) return;
        connection ??= await connections.ReadAsync(cancellation);
        await using var command = new NpgsqlCommand("select now(), pg_current_wal_flush_lsn()", connection) { CommandTimeout = SecondsToAnswer };
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        asked.Enqueue(((ulong)reader.GetFieldValue<NpgsqlLogSequenceNumber>(1), new DateTimeOffset(reader.GetDateTime(0))));
    }

    /// <summary>The clock of the latest answer whose position was received; null when there is no new one.</summary>
    public DateTimeOffset? ReachedBy(ulong received)
    {
        DateTimeOffset? reached = null;
        while (asked.TryPeek(out var answer) && answer.Position <= received)
        {
            asked.Dequeue();
            reached = answer.Time;
        }
        return reached;
    }

    public ValueTask DisposeAsync() => connection?.DisposeAsync() ?? default;
}
