using System.Diagnostics;
using Npgsql;

namespace Backup.Tests.EndToEnd.Support;

/// <summary>Runs the harness of real LangGraph against one database, or against Redis.</summary>
public sealed class LangGraph(string connectionString, string? redis = null, bool shallow = false)
{
    private readonly NpgsqlConnectionStringBuilder database = new(connectionString);

    public async Task<Ran> RunAsync(string script, params string[] arguments)
    {
        using var process = Start(script, arguments);
        return await Ran.OfAsync(process, $"{script}.mjs {string.Join(' ', arguments)}");
    }

    public Process Start(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("node") { WorkingDirectory = Repository.Harness, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add($"{script}.mjs");
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["PG_CONN"] = $"postgresql://{database.Username}@{database.Host}:{database.Port}/{database.Database}";
        if (redis is not null) start.Environment["REDIS_URL"] = redis;
        if (shallow) start.Environment["REDIS_SHALLOW"] = "1";
        return Process.Start(start)!;
    }
}
