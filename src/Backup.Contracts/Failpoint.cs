using System.Diagnostics;
using System.Globalization;

namespace Backup.Contracts;

/// <summary>
/// Named places where a test kills the process, as a power cut would: the environment variable <c>BACKUP_FAILPOINT</c>
/// holds <c>NAME</c> or <c>NAME:N</c> for the N-th time the place is reached.
/// </summary>
public static class Failpoint
{
    private static readonly string? Wanted;
    private static int left;

    static Failpoint()
    {
        var parts = (Environment.GetEnvironmentVariable("BACKUP_FAILPOINT") ?? "").Split(':');
        Wanted = parts[0].Length > 0 ? parts[0] : null;
        left = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 1;
    }

    /// <summary>Kills the process when <paramref name="name"/> is the place asked for.</summary>
    public static void Reach(string name)
    {
        if (Wanted != name || Interlocked.Decrement(ref left) != 0) return;
        Process.GetCurrentProcess().Kill();
    }
}
