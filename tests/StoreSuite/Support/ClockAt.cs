namespace Backup.Tests.StoreSuite.Support;

/// <summary>A clock that shows one time; its timers are the system's.</summary>
internal sealed class ClockAt(DateTimeOffset now) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => now;
}
