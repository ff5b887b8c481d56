using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Backup.Hosting.State;

/// <summary>Where the cluster keeps grain state and reminders: PostgreSQL, or a SQLite file where there are no servers.</summary>
public sealed class StateDatabase : IAsyncDisposable, IDisposable
{
    /// <summary>The PostgreSQL schema used when the connection string names no search path.</summary>
    public const string DefaultSchema = "backup_cluster";

    private StateDatabase(string dialect, string invariant, DbDataSource source, string place, string setting)
    {
        (Dialect, Invariant, Source, Place, Setting) = (dialect, invariant, source, place, setting);
    }

    /// <summary>Opens connections.</summary>
    public DbDataSource Source { get; }

    /// <summary>The provider's name for the kind of database.</summary>
    public string Invariant { get; }

    /// <summary>Where the database is, without secrets, for messages.</summary>
    public string Place { get; }

    /// <summary>The setting that says so.</summary>
    public string Setting { get; }

    /// <summary>Prefix of the embedded SQL.</summary>
    internal string Dialect { get; }

    /// <summary>True for PostgreSQL.</summary>
    internal bool IsPostgres => Source is NpgsqlDataSource;

    /// <summary>The schema the tables are in; null for SQLite.</summary>
    internal string? Schema { get; private init; }

    /// <summary>State in PostgreSQL.</summary>
    public static StateDatabase Postgres(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "backup-cluster" };
        // Tables of our own names in a schema of our own: the same database may hold other things, other Orleans clusters included.
        if (string.IsNullOrEmpty(settings.SearchPath)) settings.SearchPath = DefaultSchema;
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = "backup-state" };
        return new("Postgres", "Npgsql", builder.Build(), $"{settings.Host}:{settings.Port}/{settings.Database}", "Backup:State:ConnectionString")
        {
            Schema = settings.SearchPath.Split(',')[0].Trim().Trim('"'),
        };
    }

    /// <summary>State in the file <c>state.db</c> of a folder.</summary>
    public static StateDatabase Sqlite(string folder)
    {
        var path = Path.Combine(Path.GetFullPath(folder), "state.db");
        var settings = new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = 30 };
        return new("Sqlite", "System.Data.SQLite", SqliteFactory.Instance.CreateDataSource(settings.ConnectionString), path, "Backup:State:Folder");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Source.DisposeAsync();

    /// <inheritdoc/>
    public void Dispose() => Source.Dispose();
}
