using System.Diagnostics;
using System.Text.Json;

namespace Backup.Tests.EndToEnd.Support;

/// <summary>A process that ended: exit code and what it said.</summary>
public sealed record Ran(string What, int ExitCode, string Out, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).RootElement;

    public JsonElement Failure => Json.GetProperty("error");

    public string this[string name] => Json.GetProperty(name).ToString();

    public Ran Expect(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"{What}: exit code {ExitCode} where {exitCode} was expected\n{Out}\n{Error}");
        return this;
    }

    public static async Task<Ran> OfAsync(Process process, string what)
    {
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromMinutes(5)).Token);
        return new(what, process.ExitCode, await output, await error);
    }
}
