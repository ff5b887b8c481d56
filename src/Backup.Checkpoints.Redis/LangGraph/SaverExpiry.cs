using Backup.Checkpoints.Redis.Capture;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.LangGraph;

/// <summary>
/// When threads go by themselves. The savers have every key expire on its own, an older checkpoint earlier than a newer one: a thread goes with
/// the last of its checkpoints, and stays where one of them does.
/// </summary>
internal static class SaverExpiry
{
    private const int Batch = 1000;

    /// <summary>The time of each thread of which a key is there; null for one that stays.</summary>
    public static async Task<Dictionary<string, DateTimeOffset?>> ReadAsync(IDatabase database, ReadPace pace, IEnumerable<KeyValuePair<string, SaverThread>> threads, CancellationToken cancellation)
    {
        var times = new Dictionary<string, DateTimeOffset?>(StringComparer.Ordinal);
        foreach (var batch in threads.SelectMany(t => Telling(t.Value), (t, key) => (Id: t.Key, Key: key)).Chunk(Batch))
        {
            cancellation.ThrowIfCancellationRequested();
            var asked = await pace.AskAsync(batch, k => database.ExecuteAsync("PEXPIRETIME", (RedisKey)k.Key));
            for (var i = 0; i < batch.Length; i++)
            {
                var time = (long)asked[i];
                if (time == -2) continue;
                DateTimeOffset? at = time < 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(time);
                if (!times.TryGetValue(batch[i].Id, out var before) || (before is not null && !(at <= before))) times[batch[i].Id] = at;
            }
        }
        return times;
    }

    /// <summary>Every key of a thread that a restore has put in place.</summary>
    public static IEnumerable<string> Keys(SaverLayout layout, string id, SaverThread thread) =>
        thread.Blobs.Concat(thread.Writes.Select(w => w.Key)).Concat(thread.Checkpoints.Select(c => c.Key)).Concat(thread.Beside(layout, id));

    // Of a thread without checkpoints, its other keys tell.
    private static IEnumerable<string> Telling(SaverThread thread) => thread.Checkpoints.Count > 0 ? thread.Checkpoints.Select(c => c.Key) : thread.Writes.Select(w => w.Key).Concat(thread.Blobs);
}
