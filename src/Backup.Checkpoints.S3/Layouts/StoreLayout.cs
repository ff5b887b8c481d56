using System.Text.Json;
using System.Text.Json.Serialization;
using Backup.Checkpoints.Stores;

namespace Backup.Checkpoints.S3.Layouts;

/// <summary>The description of a store: the object <see cref="StoreKeys.Layout"/>, and without its id what a backup says of it.</summary>
/// <param name="Kind"><c>s3</c>.</param>
/// <param name="Layout"><c>log</c>.</param>
/// <param name="Version">Version of the layout.</param>
/// <param name="Id">Random, another each time the store is made.</param>
/// <param name="Origin">The store of another kind that was restored into this one when it was empty, or mirrored last: what its records need to go back there.</param>
internal sealed record StoreLayout(string Kind, string Layout, int Version, string? Id, LayoutOrigin? Origin)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>A new store.</summary>
    public static StoreLayout New(string id) => new(S3Store.KindName, "log", 1, id, null);

    /// <summary>The object's bytes.</summary>
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <summary>What a backup says of it.</summary>
    public string Describe() => JsonSerializer.Serialize(this with { Id = null }, Json);

    /// <summary>Reads it; null when it is none of this version.</summary>
    public static StoreLayout? Read(byte[] bytes)
    {
        try
        {
            return JsonSerializer.Deserialize<StoreLayout>(bytes, Json) is { Kind: S3Store.KindName, Layout: "log", Version: 1, Id.Length: > 0 } layout ? layout : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>With the origin that a restore gives an empty store, or one it mirrors into; none when what is restored has never been in another kind of store.</summary>
    public StoreLayout With(TargetIntent intent) => LayoutOrigin.Of(intent) is { Kind: not S3Store.KindName } origin ? this with { Origin = origin } : this with { Origin = null };
}
