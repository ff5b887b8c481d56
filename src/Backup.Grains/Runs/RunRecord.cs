using Backup.Contracts;

namespace Backup.Grains.Runs;

/// <summary>What a run grain keeps: enough to go on elsewhere. The archive holds the rest.</summary>
/// <typeparam name="TRequest">What was asked for.</typeparam>
public sealed class RunRecord<TRequest>
{
    /// <summary>The request.</summary>
    public TRequest? Request { get; set; }

    /// <summary>What the admitting silo's configuration said of store and archive.</summary>
    public string Configuration { get; set; } = "";

    /// <summary>The status last written.</summary>
    public RunStatus? Status { get; set; }

    /// <summary>The cut of a backup.</summary>
    public CutRecord? Cut { get; set; }
}
