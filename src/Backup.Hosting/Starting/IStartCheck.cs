namespace Backup.Hosting.Starting;

/// <summary>One thing that must be right before a host starts.</summary>
internal interface IStartCheck
{
    /// <summary>Returns when it is right.</summary>
    /// <exception cref="Backup.Contracts.BackupException">It is not: names the setting and what to do.</exception>
    Task CheckAsync(CancellationToken cancellation);
}
