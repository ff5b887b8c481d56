using Backup.Checkpoints.Stores;

namespace Backup.Grains.Runs;

/// <summary>The shards that wait for a slot. Safe for concurrent use.</summary>
internal sealed class ShardQueue(IEnumerable<Shard> shards)
{
    private readonly Lock gate = new();
    private readonly LinkedList<Shard> waiting = new(shards);
    private readonly Dictionary<int, string> reserved = [];

    /// <summary>Keeps a shard for the silo that is at work with it already.</summary>
    public void Reserve(int number, string silo)
    {
        lock (gate) reserved[number] = silo;
    }

    /// <summary>The silo is gone: what was kept for it is anybody's.</summary>
    public void Free(string silo)
    {
        lock (gate)
            foreach (var number in reserved.Where(r => r.Value == silo).Select(r => r.Key).ToList()) reserved.Remove(number);
    }

    /// <summary>Takes the next shard that a silo can read; <paramref name="preferred"/> when it waits.</summary>
    public Shard? Take(string silo, int? preferred)
    {
        lock (gate)
        {
            var node = Find(s => s.Number == preferred) ?? Find(_ => true);
            if (node is null) return null;
            waiting.Remove(node);
            reserved.Remove(node.Value.Number);
            return node.Value;

            LinkedListNode<Shard>? Find(Func<Shard, bool> wanted)
            {
                for (var at = waiting.First; at is not null; at = at.Next)
                    if ((at.Value.Place ?? silo) == silo && reserved.GetValueOrDefault(at.Value.Number, silo) == silo && wanted(at.Value)) return at;
                return null;
            }
        }
    }

    /// <summary>Puts a shard back, to be taken next.</summary>
    public void PutBack(Shard shard)
    {
        lock (gate) waiting.AddFirst(shard);
    }
}
