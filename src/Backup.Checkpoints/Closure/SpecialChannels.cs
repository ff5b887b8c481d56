namespace Backup.Checkpoints.Closure;

/// <summary>Channels with a meaning of their own in LangGraph (formats.md §1.6).</summary>
public static class SpecialChannels
{
    /// <summary>A decision given to an interrupt.</summary>
    public const string Resume = "__resume__";
    /// <summary>An interrupt that waits for a decision.</summary>
    public const string Interrupt = "__interrupt__";
    /// <summary>An error of a task.</summary>
    public const string Error = "__error__";
    /// <summary>A scheduled task.</summary>
    public const string Scheduled = "__scheduled__";
    /// <summary>Tasks sent on.</summary>
    public const string Tasks = "__pregel_tasks";

    /// <summary>The fixed index of writes to a special channel; null for any other.</summary>
    public static int? Index(string channel) => channel switch
    {
        Error => -1,
        Scheduled => -2,
        Interrupt => -3,
        Resume => -4,
        _ => null,
    };
}
