using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Backup.Contracts;

namespace Backup.Archive.Objects;

/// <summary>JSON of the archive's small objects: camel case, nulls left out, unknown members kept for later versions by being ignored.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = 32, UseStringEnumConverter = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ArchiveDescriptor))]
[JsonSerializable(typeof(KeyWrap))]
[JsonSerializable(typeof(BackupManifest))]
[JsonSerializable(typeof(ExpiryPage))]
[JsonSerializable(typeof(Seal))]
[JsonSerializable(typeof(SealPage))]
[JsonSerializable(typeof(ShardResult))]
[JsonSerializable(typeof(LeaseRecord))]
[JsonSerializable(typeof(DeadMark))]
[JsonSerializable(typeof(LastSeenRecord))]
[JsonSerializable(typeof(LogClaim))]
[JsonSerializable(typeof(TickMarker))]
internal sealed partial class ArchiveJson : JsonSerializerContext
{
    /// <summary>Parses the content of <paramref name="objectName"/>.</summary>
    /// <exception cref="DamageException">The bytes are authentic but not such an object.</exception>
    public static T Parse<T>(string objectName, ReadOnlySpan<byte> json) where T : class
    {
        // A member of any shape is kept as it is written, and would be found to be no text only where it is used.
        if (!Utf8.IsValid(json)) throw new DamageException(objectName, 0, "its content is not UTF-8");
        try
        {
            return JsonSerializer.Deserialize(json, (System.Text.Json.Serialization.Metadata.JsonTypeInfo<T>)Default.GetTypeInfo(typeof(T))!)
                ?? throw new DamageException(objectName, 0, "it holds null");
        }
        catch (JsonException error)
        {
            throw new DamageException(objectName, 0, $"its content is not a {typeof(T).Name}: {error.Message}");
        }
    }

    public static byte[] Bytes<T>(T value) where T : class =>
        JsonSerializer.SerializeToUtf8Bytes(value, (System.Text.Json.Serialization.Metadata.JsonTypeInfo<T>)Default.GetTypeInfo(typeof(T))!);
}
