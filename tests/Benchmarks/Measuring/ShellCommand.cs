using System.Diagnostics;
using System.Globalization;

namespace Backup.Benchmarks.Measuring;

/// <summary>Runs command lines under <c>/usr/bin/time</c>.</summary>
internal static class ShellCommand
{
    /// <summary>Runs to the end; anything but success is an error.</summary>
    public static async Task<Measured> RunAsync(string line, IReadOnlyDictionary<string, string> environment, ServerClock server)
    {
        var times = Path.GetTempFileName();
        var start = new ProcessStartInfo("/usr/bin/time") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-f", "%e %U %S %M", "-o", times, "bash", "-o", "pipefail", "-c", line]) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var before = server.Seconds();
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{line}\nended with {process.ExitCode}:\n{await error}");
        var figures = (await File.ReadAllTextAsync(times)).Trim().Split(' ').Select(f => double.Parse(f, CultureInfo.InvariantCulture)).ToArray();
        File.Delete(times);
        return new(figures[0], figures[1] + figures[2], await server.SinceAsync(before), (long)figures[3] * 1024, await output);
    }
}
