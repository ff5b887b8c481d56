namespace Backup.Grains.Memory;

/// <summary>How long the silos of a memory store wait for each other.</summary>
internal sealed record MemoryTimings
{
    /// <summary>Writers are held for a cut no longer than this.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A cut that is not agreed on is tried again for so long.</summary>
    public TimeSpan Agree { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A cut nobody asks for is let go of after this.</summary>
    public TimeSpan CutIdle { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A restore whose coordinator is silent for so long is undone.</summary>
    public TimeSpan RestoreLease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A directory writes its state no more often than this.</summary>
    public TimeSpan DirectoryPace { get; init; } = TimeSpan.FromMilliseconds(100);
}
