using Backup.Benchmarks.Data;
using Backup.Benchmarks.Measuring;
using Backup.Contracts;
using Npgsql;

namespace Backup.Benchmarks;

/// <summary>A database for the data, a folder for what is made of it; both go at the end.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private readonly NpgsqlConnectionStringBuilder server = new(Environment.GetEnvironmentVariable("TEST_PG") is { Length: > 0 } value ? value
        : throw new InvalidOperationException("TEST_PG is not set: run bash tests/proof.sh benchmark, which starts the servers"));
    private readonly string name = $"bench_{Randomness.Token(8)}";
    private readonly List<string> databases = [];

    private Bench()
    {
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("backup-bench-").FullName;

    public NpgsqlDataSource Data { get; private set; } = null!;

    public ServerClock Server { get; private set; } = null!;

    public static async Task<Bench> OpenAsync()
    {
        var bench = new Bench();
        bench.Data = NpgsqlDataSource.Create(bench.ConnectionString(await bench.FreshAsync("data")));
        bench.Server = await ServerClock.OpenAsync(bench.Data);
        return bench;
    }

    /// <summary>Makes a database anew and returns its name.</summary>
    public async Task<string> FreshAsync(string suffix)
    {
        var database = $"{name}_{suffix}";
        NpgsqlConnection.ClearAllPools();
        await ExecuteAsync(server.ConnectionString, $"drop database if exists {database} with (force)");
        await ExecuteAsync(server.ConnectionString, $"create database {database}");
        if (!databases.Contains(database)) databases.Add(database);
        return database;
    }

    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = database }.ConnectionString;

    public string Url(string database) => $"postgresql://{server.Username}@{server.Host}:{server.Port}/{database}";

    public string DataName => databases[0];

    public string Path(string file) => System.IO.Path.Combine(Folder, file);

    /// <summary>Bytes of a file, or of every file in a folder.</summary>
    public static long SizeOf(string path) =>
        File.Exists(path) ? new FileInfo(path).Length : new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);

    public static void Remove(string path)
    {
        if (File.Exists(path)) File.Delete(path);
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
    }

    /// <summary>Number and hash of the rows of the three tables, whatever their order.</summary>
    public async Task<string> ContentAsync(string database, string schema)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString(database));
        var sums = Table.All.Select(t => $"(select count(*) || ' ' || coalesce(sum(hashtextextended(r::text, 0)), 0) from (select {t.ColumnList} from {schema}.{t.Name}) r)");
        await using var command = source.CreateCommand($"select {string.Join(" || ' ' || ", sums)}");
        command.CommandTimeout = 0;
        return (string)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await Data.DisposeAsync();
        NpgsqlConnection.ClearAllPools();
        foreach (var database in databases) await ExecuteAsync(server.ConnectionString, $"drop database if exists {database} with (force)");
        Directory.Delete(Folder, recursive: true);
    }

    private static async Task ExecuteAsync(string connection, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connection);
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }
}
