namespace Backup.Contracts;

/// <summary>Another owner has taken the run over: this one must stop, and must not say how the run ended.</summary>
/// <param name="message">Who took it, or how it was noticed.</param>
[GenerateSerializer, Alias("backup.OwnershipLostException")]
public sealed class OwnershipLostException(string message)
    : BackupException(ErrorKind.Conflict, message, "The run goes on with its new owner: 'backup run list' shows it.");
