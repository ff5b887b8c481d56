namespace Backup.Grains.Memory.Directory;

/// <summary>Everything a directory knew when it was last folded.</summary>
public sealed class DirectoryBase
{
    /// <summary>Units by the address of their holder.</summary>
    public Dictionary<string, List<string>> Units { get; set; } = [];
}

/// <summary>What has changed since: a small row, written often.</summary>
public sealed class DirectoryChanges
{
    /// <summary>The address of the holder by unit; null for none any more.</summary>
    public Dictionary<string, string?> Changes { get; set; } = [];
}
