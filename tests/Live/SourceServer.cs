using System.Diagnostics;
using System.Globalization;
using Backup.Contracts;
using Npgsql;

namespace Backup.Live;

/// <summary>A PostgreSQL server of its own, which is killed and started again with what it has on disk.</summary>
internal sealed class SourceServer
{
    private readonly string folder = Required("SOURCE_FOLDER");

    public string ConnectionString { get; } = Required("SOURCE_PG");

    /// <summary>Kills every process of it.</summary>
    public void Kill()
    {
        var postmaster = File.ReadLines(Path.Combine(folder, "data/postmaster.pid")).First();
        string[] processes = [postmaster, .. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(p => p!.All(char.IsAsciiDigit) && ParentOf(p!) == postmaster).Select(p => p!)];
        using var kill = Process.Start("kill", ["-KILL", .. processes]);
        kill.WaitForExit();
    }

    public async Task StartAsync()
    {
        await Until.TrueAsync("the source starts", async () =>
        {
            using var start = Process.Start(new ProcessStartInfo(Path.Combine(folder, "start")) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            await start.WaitForExitAsync();
            return start.ExitCode == 0;
        }, 60);
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Where its log stands, once it answers: every commit anybody was told of before has a lower position.</summary>
    public async Task<ulong> PositionAsync()
    {
        ulong? position = null;
        await Until.TrueAsync("the source answers", async () =>
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
                await connection.OpenAsync();
                await using var command = new NpgsqlCommand("select pg_current_wal_insert_lsn()::text", connection);
                position = LogPosition.Read((string)(await command.ExecuteScalarAsync())!);
            }
            catch (NpgsqlException)
            {
            }
            return position is not null;
        }, 60);
        return position!.Value;
    }

    private static string? ParentOf(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ')[1];
        }
        catch (IOException)
        {
            return null; // it ended meanwhile
        }
    }

    private static string Required(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value
        : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{name} is not set: run bash tests/proof.sh rpo or live, which start the servers"));
}
