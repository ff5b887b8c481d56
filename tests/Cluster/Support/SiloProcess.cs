using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Backup.Hosting.Configuration;

namespace Backup.Tests.Cluster.Support;

/// <summary>Silo.Host as a process of its own.</summary>
public sealed class SiloProcess : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private readonly TestFolder folder = new();
    private readonly StringBuilder errors = new();
    private readonly StringBuilder log = new();
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly string url;
    private readonly Process process;

    /// <summary>Starts it with a configuration file of this content.</summary>
    public SiloProcess(string configuration, string url = "http://127.0.0.1:1", string? failpoint = null)
    {
        this.url = url;
        var file = Path.Combine(folder.Path, "backup.json");
        File.WriteAllText(file, configuration);
        var start = new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "Silo.Host.dll"), "--config", file])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        if (failpoint is not null) start.Environment["BACKUP_FAILPOINT"] = failpoint;
        process = Process.Start(start)!;
        ProcessId = process.Id;
        process.OutputDataReceived += (_, line) =>
        {
            lock (log) log.AppendLine(line.Data);
        };
        process.ErrorDataReceived += (_, line) =>
        {
            lock (errors) errors.AppendLine(line.Data);
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Starts it with these options.</summary>
    public static SiloProcess Start(BackupOptions options)
    {
        var cluster = options.Cluster!;
        var settings = new
        {
            Backup = new
            {
                Cluster = new { cluster.Kind, cluster.ConnectionString, cluster.ClusterId, SiloPort = $"{cluster.SiloPort}", GatewayPort = $"{cluster.GatewayPort}" },
                State = new { options.State.ConnectionString, options.State.Folder },
                Http = new { options.Http.Url },
            },
        };
        return new(JsonSerializer.Serialize(settings, Json), options.Http.Url);
    }

    public int ProcessId { get; }

    public string Log
    {
        get
        {
            lock (log) return log.ToString();
        }
    }

    public string Errors
    {
        get
        {
            lock (errors) return errors.ToString();
        }
    }

    public Task ReadyAsync() => Until.TrueAsync($"{url} is ready; {Errors}", async () =>
    {
        Assert.False(process.HasExited, Errors);
        try
        {
            using var response = await http.GetAsync(url + "/health/ready");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }, 180);

    /// <summary>Sends a signal by its name.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Sets how far it yields the processor to others (0 to 19): every thread it has, and those that they begin.</summary>
    public async Task YieldAsync(int nice)
    {
        var threads = Directory.GetDirectories($"/proc/{process.Id}/task").Select(t => Path.GetFileName(t)!);
        using var renice = Process.Start(new ProcessStartInfo("renice", ["-n", nice.ToString(CultureInfo.InvariantCulture), "-p", .. threads]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        // A thread may have ended meanwhile.
        await renice.WaitForExitAsync();
    }

    /// <summary>The exit code, once it has ended.</summary>
    public async Task<int> EndAsync(double seconds)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        await process.WaitForExitAsync(deadline.Token);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        http.Dispose();
        folder.Dispose();
    }
}
