using System.Text.Json;
using Backup.Archive.Objects;

namespace Backup.Archive.Logs;

/// <summary>A stretch of a source's log without a gap: every commit from its first position to before its last is there.</summary>
/// <param name="Ticks">The ticks, oldest first; at least one.</param>
/// <param name="Gap">Why it does not go on from the stretch before; null for the first.</param>
/// <param name="Identity">What the source was all along.</param>
/// <param name="Layout">Its layout at the beginning.</param>
public sealed record Coverage(IReadOnlyList<Tick> Ticks, string? Gap, IReadOnlyDictionary<string, string> Identity, JsonElement Layout)
{
    /// <summary>First position covered.</summary>
    public ulong From => Ticks[0].Marker.From;

    /// <summary>First position not covered.</summary>
    public ulong To => Ticks[^1].Marker.To;

    /// <summary>Until when the source's clock is covered.</summary>
    public DateTimeOffset Until => Ticks[^1].Marker.SourceTime;

    /// <summary>The layout that holds before a position.</summary>
    public JsonElement LayoutBefore(ulong position) => Ticks.LastOrDefault(t => t.Marker.Layout is not null && t.Marker.From < position)?.Marker.Layout ?? Layout;

    /// <summary>Splits a log where it was interrupted: by a gap that was declared, or by a tick that is damaged or missing.</summary>
    public static IReadOnlyList<Coverage> Of(TickChain chain)
    {
        var stretches = new List<Coverage>();
        Coverage? stretch = null;
        IReadOnlyDictionary<string, string> identity = new Dictionary<string, string>();
        var layout = JsonDocument.Parse("{}").RootElement;
        var ticks = new List<Tick>();
        foreach (var tick in chain.Ticks)
        {
            identity = tick.Marker.Identity ?? identity;
            var gap = tick.Marker.Gap ?? (stretch is null || tick.Follows(ticks[^1]) ? null : "a tick of the log is damaged or missing");
            if (stretch is null || gap is not null)
            {
                ticks = [];
                stretches.Add(stretch = new(ticks, gap, identity, tick.Marker.Layout ?? layout));
            }
            layout = tick.Marker.Layout ?? layout;
            ticks.Add(tick);
        }
        return stretches;
    }
}
