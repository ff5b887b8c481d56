using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Backup.Contracts;

/// <summary>
/// Named places where a test kills the process, as a power cut would: the environment variable <c>BACKUP_FAILPOINT</c>
/// holds <c>NAME</c>, <c>NAME:N</c> for the N-th time the place is reached, or <c>NAME:N:stop</c> for a process that freezes there.
/// With <c>@FILE</c> the file holds it, when there is one: of several processes that get there, the first takes the file away.
/// </summary>
public static class Failpoint
{
    private const int StopSignal = 19;
    private static readonly string? File;
    private static readonly Point? Fixed;
    private static readonly Dictionary<string, int> Reached = [];

    static Failpoint()
    {
        var value = Environment.GetEnvironmentVariable("BACKUP_FAILPOINT") ?? "";
        if (value.StartsWith('@')) File = value[1..];
        else Fixed = Point.Parse(value);
    }

    /// <summary>Kills or freezes the process when <paramref name="name"/> is the place asked for.</summary>
    public static void Reach(string name)
    {
        if (File is null && Fixed is null) return;
        var wanted = File is null ? Fixed : Read(File);
        if (wanted?.Name != name) return;
        lock (Reached)
            if ((Reached[wanted.Text] = Reached.GetValueOrDefault(wanted.Text) + 1) != wanted.Times || !Take()) return;
        // To this very thread: sent to the process, another may take it, and this one goes on until that gets the processor.
        if (wanted.Stops) _ = SignalThread(ThisThread(), StopSignal);
        else Process.GetCurrentProcess().Kill();
    }

    private static bool Take()
    {
        if (File is null) return true;
        try
        {
            System.IO.File.Move(File, $"{File}.{Environment.ProcessId}");
            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    private static Point? Read(string file)
    {
        try
        {
            return System.IO.File.Exists(file) ? Point.Parse(System.IO.File.ReadAllText(file)) : null;
        }
        catch (FileNotFoundException)
        {
            return null; // another process was here first
        }
    }

    [DllImport("libc", EntryPoint = "pthread_self")]
    private static extern nint ThisThread();

    [DllImport("libc", EntryPoint = "pthread_kill")]
    private static extern int SignalThread(nint thread, int signal);

    private sealed record Point(string Text, string Name, int Times, bool Stops)
    {
        public static Point? Parse(string text)
        {
            var parts = text.Split(':');
            return parts[0].Length == 0 ? null : new(text, parts[0], parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 1, parts.Length > 2 && parts[2] == "stop");
        }
    }
}
