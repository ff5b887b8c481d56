using System.Globalization;
using Backup.Checkpoints.Encoding;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.Layouts;

/// <summary>What a unit's hash says of its records.</summary>
/// <param name="Version">Number of its last change.</param>
/// <param name="Incarnation">Number of the change that made it.</param>
/// <param name="Bytes">Bytes of its records.</param>
/// <param name="Counts">Records by kind.</param>
internal sealed record UnitFacts(long Version, long Incarnation, long Bytes, long[] Counts)
{
    /// <summary>The fields of the hash that are no records.</summary>
    public static readonly RedisValue[] Fields = ["v", "i", "b", .. Enumerable.Range(1, UnitDigest.Kinds).Select(k => (RedisValue)$"n{k}")];

    /// <summary>Records of all kinds.</summary>
    public long Count => Counts.Sum();

    /// <summary>Reads the values of <see cref="Fields"/>; null when there is no such unit.</summary>
    public static UnitFacts? Read(IReadOnlyList<RedisValue> values) =>
        values[0].IsNull ? null : new(Number(values[0]), Number(values[1]), Number(values[2]), [0, .. values.Skip(3).Select(Number)]);

    private static long Number(RedisValue value) => value.IsNull ? 0 : long.Parse((string)value!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
