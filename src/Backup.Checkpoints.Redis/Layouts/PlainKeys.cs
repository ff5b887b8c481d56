using Backup.Checkpoints.Model;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.Layouts;

/// <summary>The keys of the plain layout (docs/redis.md).</summary>
internal sealed class PlainKeys(string prefix)
{
    public string Prefix => prefix;

    /// <summary>True when the prefix has a hash tag: in a cluster all keys are then in one slot.</summary>
    public bool InOneSlot => prefix.IndexOf('{', StringComparison.Ordinal) is >= 0 and var open && prefix.IndexOf('}', open) > open + 1;

    /// <summary>Hash: what the store is.</summary>
    public RedisKey Store { get; } = $"{prefix}:store";

    /// <summary>String: who restores into it.</summary>
    public RedisKey Mark { get; } = $"{prefix}:restore";

    /// <summary>Set: restores that have put units aside.</summary>
    public RedisKey Stages { get; } = $"{prefix}:stages";

    /// <summary>Sorted set: threads that expire, by the millisecond.</summary>
    public RedisKey Expiry { get; } = $"{prefix}:expiry";

    /// <summary>Sorted set: ids of the units of a kind.</summary>
    public RedisKey Index(UnitKind kind) => $"{prefix}:{Counter(kind)}";

    /// <summary>Hash: the records of a unit.</summary>
    public RedisKey Records(UnitId unit) => Of($"{prefix}:{Name(unit.Kind)}:", unit.Id);

    /// <summary>Sorted set: the records of a unit by their last change.</summary>
    public RedisKey Order(UnitId unit) => Of($"{prefix}:{Name(unit.Kind)}-order:", unit.Id);

    /// <summary>The keys that every script of one unit takes.</summary>
    public RedisKey[] Of(UnitId unit) => [Store, Index(unit.Kind), Records(unit), Order(unit), Expiry, Mark];

    /// <summary>Field of <see cref="Store"/> that counts the units of a kind.</summary>
    public static string Counter(UnitKind kind) => kind == UnitKind.Thread ? "threads" : "memory";

    /// <summary>Where a restore puts units aside.</summary>
    public PlainKeys Stage(string session) => new($"{prefix}:stage:{session}");

    private static string Name(UnitKind kind) => kind == UnitKind.Thread ? "thread" : "memory";

    private static RedisKey Of(string head, string id) => head + id;
}
