using System.Globalization;
using Npgsql;

namespace Backup.Benchmarks.Measuring;

/// <summary>Processor time of the database server's sessions that have ended, as Linux keeps it for the server's main process.</summary>
internal sealed class ServerClock
{
    private const int TicksPerSecond = 100;
    private string? stat;

    public static async Task<ServerClock> OpenAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("show data_directory");
        var file = Path.Combine((string)(await command.ExecuteScalarAsync())!, "postmaster.pid");
        return new() { stat = File.Exists(file) ? $"/proc/{File.ReadLines(file).First()}/stat" : null };
    }

    public double Seconds()
    {
        if (stat is null) return double.NaN;
        // Behind the name in parentheses: the 14th and 15th field are the times of children that were waited for.
        var fields = File.ReadAllText(stat).Split(") ")[^1].Split(' ');
        return (double.Parse(fields[13], CultureInfo.InvariantCulture) + double.Parse(fields[14], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Seconds since <paramref name="before"/>. Sessions end shortly after their clients.</summary>
    public async Task<double> SinceAsync(double before)
    {
        await Task.Delay(200);
        return Seconds() - before;
    }
}
