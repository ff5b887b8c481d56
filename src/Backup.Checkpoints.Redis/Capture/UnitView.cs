using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.Layouts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.Capture;

/// <summary>Which units there are and under which keys: those of the store, or inside a restore what it has put aside in their place.</summary>
internal sealed class UnitView(IDatabase database, PlainKeys live, PlainKeys? aside)
{
    /// <summary>Ids asked for at once.</summary>
    public const int Page = 512;

    /// <summary>Set: units that the restore takes away.</summary>
    public static RedisKey Gone(PlainKeys aside, UnitKind kind) => $"{aside.Prefix}:gone-{PlainKeys.Counter(kind)}";

    /// <summary>Set: units that the restore has begun to put aside.</summary>
    public static RedisKey Begun(PlainKeys aside, UnitKind kind) => $"{aside.Prefix}:begun-{PlainKeys.Counter(kind)}";

    /// <summary>Ids from <paramref name="from"/> (itself only when <paramref name="including"/>) up to before <paramref name="to"/>, in order, some at a time; empty at the end.</summary>
    public async Task<List<string>> IdsAsync(UnitKind kind, string? from, bool including, string? to)
    {
        while (true)
        {
            var page = await RangeAsync(live.Index(kind), from, including, to);
            if (aside is null) return page;
            var put = await RangeAsync(aside.Index(kind), from, including, to);
            // What lies behind the end of a full page of either is looked at next time.
            var end = new[] { page, put }.Where(p => p.Count == Page).Select(p => p[^1]).Order(Comparer<string>.Create(Utf8Order.Compare)).FirstOrDefault();
            var merged = page.Union(put, StringComparer.Ordinal).Where(id => end is null || Utf8Order.Compare(id, end) <= 0).Order(Comparer<string>.Create(Utf8Order.Compare)).ToList();
            if (merged.Count == 0) return merged;
            var gone = await database.SetContainsAsync(Gone(aside, kind), merged.Select(id => (RedisValue)id).ToArray());
            var present = merged.Where((_, i) => !gone[i]).ToList();
            if (present.Count > 0) return present;
            (from, including) = (merged[^1], false);
        }
    }

    /// <summary>The keys of each unit; null for one that the restore takes away.</summary>
    public async Task<IReadOnlyList<PlainKeys?>> KeysAsync(IReadOnlyList<UnitId> units)
    {
        if (aside is null) return units.Select(_ => live).ToList();
        var put = units.Select(u => database.SortedSetScoreAsync(aside.Index(u.Kind), u.Id)).ToList();
        var gone = units.Select(u => database.SetContainsAsync(Gone(aside, u.Kind), u.Id)).ToList();
        var keys = new List<PlainKeys?>();
        for (var i = 0; i < units.Count; i++) keys.Add(await put[i] is not null ? aside : await gone[i] ? null : live);
        return keys;
    }

    private async Task<List<string>> RangeAsync(RedisKey index, string? from, bool including, string? to)
    {
        var found = (RedisResult[])(await database.ExecuteAsync("ZRANGEBYLEX", index, Bound(from, including ? "[" : "(", "-"), Bound(to, "(", "+"), "LIMIT", 0, Page))!;
        return found.Select(id => (string)id!).ToList();
    }

    private static RedisValue Bound(string? id, string with, string open) => id is null ? open : with + id;
}
