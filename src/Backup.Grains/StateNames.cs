namespace Backup.Grains;

/// <summary>Names of grain state. The storage's rows do not carry the grain's type, so every grain class has a name of its own.</summary>
internal static class StateNames
{
    public const string BackupManager = "backup-manager";
    public const string RestoreManager = "restore-manager";
    public const string BackupRun = "backup-run";
    public const string RestoreRun = "restore-run";
    public const string DirectoryBase = "directory-base";
    public const string DirectoryChanges = "directory-changes";
}
