namespace Backup.Grains.Managers;

/// <summary>The latest runs of one source or target, oldest first.</summary>
public sealed class RunList
{
    /// <summary>How many are remembered.</summary>
    public const int Keep = 50;

    /// <summary>Ids of the runs.</summary>
    public List<string> Runs { get; set; } = [];
}
