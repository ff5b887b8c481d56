using System.Diagnostics;

namespace Backup.Tests.EndToEnd.Support;

/// <summary>Runs the harness of real LangGraph against one database.</summary>
public sealed class LangGraph(TestPostgres database)
{
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
        start.Environment["PG_CONN"] = database.Url;
        return Process.Start(start)!;
    }
}
