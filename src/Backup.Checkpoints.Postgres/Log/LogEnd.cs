using Npgsql;
using NpgsqlTypes;

namespace Backup.Checkpoints.Postgres.Log;

/// <summary>Where the server's log ends.</summary>
internal static class LogEnd
{
    private const ulong Page = 8192;

    /// <summary>The position behind the last record, on disk already or not: a commit may be acknowledged before it is.</summary>
    public static async Task<ulong> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select pg_current_wal_insert_lsn()", connection);
        var end = (ulong)(NpgsqlLogSequenceNumber)(await command.ExecuteScalarAsync(cancellation))!;
        // At the beginning of a page the server names the place behind the page's header (24 or 40 bytes), which an idle log never reaches.
        return end % Page is 24 or 40 ? end - (end % Page) : end;
    }
}
