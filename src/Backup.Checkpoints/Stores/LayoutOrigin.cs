using System.Text.Json;
using Backup.Contracts;

namespace Backup.Checkpoints.Stores;

/// <summary>
/// What a captured layout says of the store its records first came from. A store that keeps records as they are, whatever they came from,
/// carries the layout of that store as member <c>origin</c> of its own, so that they can go back.
/// </summary>
/// <param name="Kind">Kind of that store.</param>
/// <param name="Layout">Its layout.</param>
public sealed record LayoutOrigin(string Kind, JsonElement Layout)
{
    /// <summary>The origin of what an intent restores: the one its layout names, or else the captured store itself.</summary>
    public static LayoutOrigin Of(TargetIntent intent)
    {
        using var layout = JsonDocument.Parse(intent.Layout);
        return layout.RootElement.TryGetProperty("origin", out var origin) && origin.TryGetProperty("kind", out var kind) && origin.TryGetProperty("layout", out var first)
            ? new(kind.GetString()!, first.Clone()) : new(intent.SourceKind, layout.RootElement.Clone());
    }

    /// <summary>What a target that keeps no layout but its own drops of what an intent restores: how the tables it came from were made.</summary>
    public static IReadOnlyList<DroppedExtra> DroppedBy(TargetIntent intent)
    {
        if (!Of(intent).Layout.TryGetProperty("tables", out var tables)) return [];
        // Without long-term memory: formats.md §2.1 and §2.2.
        var count = tables.EnumerateArray().Count(t => intent.WithMemory || t.GetProperty("name").GetString()!.StartsWith("checkpoint", StringComparison.Ordinal));
        return count > 0 ? [new() { Of = "table", What = "layout", Count = count }] : [];
    }
}
