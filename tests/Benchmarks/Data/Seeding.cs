using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Backup.Benchmarks.Data;

/// <summary>Lets real LangGraph write threads into a schema.</summary>
internal static class Seeding
{
    private static string Harness([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "../../langgraph"));

    public static async Task GenerateAsync(string url, string schema, int threads, int turns)
    {
        var start = new ProcessStartInfo("node") { WorkingDirectory = Harness(), RedirectStandardOutput = true };
        foreach (var argument in (string[])["generate.mjs", "--schema", schema, "--threads", $"{threads}", "--turns", $"{turns}", "--seed", $"{schema}-{turns}"]) start.ArgumentList.Add(argument);
        start.Environment["PG_CONN"] = url;
        using var process = Process.Start(start)!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"node generate.mjs ended with {process.ExitCode}");
    }
}
