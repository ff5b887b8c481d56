using System.Globalization;
using System.Text;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;

namespace Backup.Benchmarks.Data;

/// <summary>Threads in Redis, in the plain layout: two keys each. Every thread is a short conversation of its own words.</summary>
internal sealed class RedisData(PlainCheckpointer store, int threads, int seed)
{
    private const int Abreast = 256;
    private static readonly string[] Words = "the agent has a ticket and asked which order it was for before the refund could be sent because one more approval is needed from somebody who knows this customer since last year when their address changed while we moved every open case to another region so please look at it again tomorrow".Split(' ');

    public int Threads => threads;

    public static string Id(int thread) => string.Create(CultureInfo.InvariantCulture, $"{Mix(thread):x16}");

    /// <summary>The first turn of every thread.</summary>
    public Task FillAsync() => Parallel.ForAsync(0, threads, new ParallelOptions { MaxDegreeOfParallelism = Abreast }, async (thread, _) => await TurnAsync(thread, 1));

    /// <summary>One more turn of one thread in a hundred; returns how many.</summary>
    public async Task<int> GrowAsync()
    {
        var grown = Enumerable.Range(0, threads).Where(t => t % 100 == seed % 100).ToList();
        await Parallel.ForEachAsync(grown, new ParallelOptions { MaxDegreeOfParallelism = Abreast }, async (thread, _) => await TurnAsync(thread, 2));
        return grown.Count;
    }

    private async Task TurnAsync(int thread, int turn)
    {
        var id = Id(thread);
        for (var step = turn * 2; step < (turn * 2) + 2; step++)
        {
            string checkpoint = CheckpointId(step), version = string.Create(CultureInfo.InvariantCulture, $"{step:d32}.{Mix(thread + step) % 1_000_000}");
            var envelope = $$$"""{"v": 4, "id": "{{{checkpoint}}}", "ts": "2026-11-26T06:{{{step % 60:d2}}}:00.000000+00:00", "channel_values": {}, "channel_versions": {"messages": "{{{version}}}"}, "versions_seen": {"agent": {"messages": "{{{version}}}"} } }""";
            await store.PutAsync(id, new() { Namespace = "", CheckpointId = checkpoint, ParentId = step > 2 ? CheckpointId(step - 1) : null, Envelope = Encoding.UTF8.GetBytes(envelope), Metadata = Encoding.UTF8.GetBytes($$$"""{"source": "loop", "step": {{{step}}}, "parents": {} }""") },
                [new() { Namespace = "", Channel = "messages", Version = version, Type = "json", Value = Encoding.UTF8.GetBytes(Messages(thread, step)) }]);
            await store.PutWritesAsync(id, "", checkpoint, "00000000-0000-0000-0000-000000000001", "", [("messages", "json", Encoding.UTF8.GetBytes(Message(thread, step)))]);
        }
    }

    private static string CheckpointId(int step) => string.Create(CultureInfo.InvariantCulture, $"1f0a4f79-7833-6428-8001-{step:d12}");

    private string Messages(int thread, int steps) => $"[{string.Join(',', Enumerable.Range(1, steps).Select(s => Message(thread, s)))}]";

    private string Message(int thread, int step)
    {
        var random = new Random(unchecked((int)Mix((thread * 97L) + step + ((long)seed << 32))));
        var text = string.Join(' ', Enumerable.Range(0, random.Next(10, 50)).Select(_ => Words[random.Next(Words.Length)]));
        return $$"""{"type": "{{(step % 2 == 0 ? "ai" : "human")}}", "id": "{{Mix((thread * 31L) + step):x16}}", "content": "{{text}}"}""";
    }

    private static ulong Mix(long value)
    {
        var x = unchecked((ulong)value * 0x9E3779B97F4A7C15);
        return (x ^ (x >> 29)) * 0xBF58476D1CE4E5B9;
    }
}
