namespace Backup.Abstractions;

/// <summary>Names of the cluster's grain storages, for <c>[PersistentState(stateName, storageName)]</c>.</summary>
public static class StorageNames
{
    /// <summary>The storage every grain keeps its working memory in. State names in it are unique per grain class.</summary>
    public const string Work = "work";
}
