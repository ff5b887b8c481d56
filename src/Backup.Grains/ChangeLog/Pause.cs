namespace Backup.Grains.ChangeLog;

/// <summary>How long to wait before something is tried again: 1, 2, 4 … seconds up to a limit.</summary>
internal sealed class Pause(TimeSpan longest)
{
    private int tries;

    /// <summary>The next wait.</summary>
    public TimeSpan Next() => TimeSpan.FromSeconds(Math.Min(longest.TotalSeconds, Math.Pow(2, Math.Min(tries++, 30))));

    /// <summary>It succeeded: the next wait is short again.</summary>
    public void Reset() => tries = 0;
}
