using System.Text.Json;
using System.Text.Json.Serialization;
using Backup.Checkpoints.Stores;

namespace Backup.Checkpoints.Redis.Layouts;

/// <summary>The description of a store in the plain layout.</summary>
/// <param name="Kind"><c>redis</c>.</param>
/// <param name="Layout"><c>plain</c>.</param>
/// <param name="Version">Version of the layout.</param>
/// <param name="Origin">The store of another kind that was restored into this one when it was empty, or mirrored last: what its records need to go back there.</param>
internal sealed record PlainLayout(string Kind, string Layout, int Version, LayoutOrigin? Origin)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>The description of a store whose hash has that origin.</summary>
    public static string Encode(string? origin) =>
        JsonSerializer.Serialize(new PlainLayout(RedisStore.KindName, "plain", 1, origin is null ? null : JsonSerializer.Deserialize<LayoutOrigin>(origin, Json)), Json);

    /// <summary>The origin that a restore gives an empty store; null when what is restored has never been in another kind of store.</summary>
    public static string? OriginOf(TargetIntent intent) => LayoutOrigin.Of(intent) is { Kind: not RedisStore.KindName } origin ? JsonSerializer.Serialize(origin, Json) : null;
}
