using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>
/// Keeps the owners of one run apart. Every connection of an owner is named after the run and its epoch; a new owner has the server
/// end those of the owners before it, and a connection opened later finds that its owner's fence has fallen.
/// </summary>
internal sealed class RunFence : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private readonly NpgsqlConnection connection;
    private readonly int process;
    private readonly DateTime started;

    private RunFence(NpgsqlConnection connection, int process, DateTime started) => (this.connection, this.process, this.started) = (connection, process, started);

    /// <summary>Name of an owner's connections.</summary>
    public static string NameOf(RunOwner owner) => $"{Prefix(owner)}{owner.Epoch}";

    /// <summary>Ends the connections of the owners before, and stands until it is disposed or a later owner comes.</summary>
    /// <param name="connection">A connection with the owner's name; the fence's from now on.</param>
    /// <param name="owner">The owner.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="OwnershipLostException">A later owner is there already.</exception>
    /// <exception cref="BackupException">Unreachable: connections of an owner before do not end.</exception>
    public static async Task<RunFence> RaiseAsync(NpgsqlConnection connection, RunOwner owner, CancellationToken cancellation)
    {
        const string Others = """
            select count(*) filter (where epoch > $2), count(*) filter (where epoch < $2 and pg_catalog.pg_terminate_backend(pid))
              from (select pid, substr(application_name, length($1) + 1)::int as epoch from pg_catalog.pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid() and starts_with(application_name, $1)) others
            """;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(Patience);
        while (true)
        {
            await using (var command = new NpgsqlCommand(Others, connection) { Parameters = { new() { Value = Prefix(owner) }, new() { Value = owner.Epoch } } })
            await using (var reader = await command.ExecuteReaderAsync(cancellation))
            {
                await reader.ReadAsync(cancellation);
                if (reader.GetInt64(0) > 0) throw Fallen(owner);
                if (reader.GetInt64(1) == 0) break;
            }
            try
            {
                await Task.Delay(LookEvery, TimeProvider.System, deadline.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new BackupException(ErrorKind.Unreachable, $"connections of an owner of run {owner.Run} that is gone do not end", "Nothing was changed by this owner. End them on the server, then run the restore again.");
            }
        }
        await using var own = new NpgsqlCommand("select backend_start from pg_catalog.pg_stat_activity where pid = pg_backend_pid()", connection);
        return new(connection, connection.ProcessID, (DateTime)(await own.ExecuteScalarAsync(cancellation))!);
    }

    /// <summary>Makes sure that no later owner has come before <paramref name="other"/> was opened; one that comes afterwards ends it.</summary>
    /// <exception cref="OwnershipLostException">One has.</exception>
    public async Task EnsureAsync(NpgsqlConnection other, RunOwner owner, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select exists(select from pg_catalog.pg_stat_activity where pid = $1 and backend_start = $2)", other)
        {
            Parameters = { new() { Value = process }, new() { Value = started } },
        };
        if (!(bool)(await command.ExecuteScalarAsync(cancellation))!) throw Fallen(owner);
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private static string Prefix(RunOwner owner) => $"backup.orleans {owner.Run}/";

    private static OwnershipLostException Fallen(RunOwner owner) => new($"run {owner.Run} was taken over by another owner");
}
