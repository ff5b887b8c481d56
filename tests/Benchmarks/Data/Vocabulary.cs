using System.Text;
using System.Text.Json;

namespace Backup.Benchmarks.Data;

/// <summary>The words said in the seed's messages, most frequent first.</summary>
internal sealed class Vocabulary
{
    /// <summary>Words are exchanged only within so many neighbours of the ranking, so that frequent words stay frequent.</summary>
    private const int Neighbours = 64;
    private readonly byte[][] words;
    private readonly Dictionary<ulong, int> ranks = [];

    public Vocabulary(IEnumerable<SeedThread> threads)
    {
        var counts = new Dictionary<string, int>();
        foreach (var row in threads.SelectMany(t => t.Tables[1]).Where(r => r.Texts[2] == "messages" && r.Blob is not null)) Count(row.Blob!, counts);
        words = counts.OrderByDescending(w => w.Value).ThenBy(w => w.Key, StringComparer.Ordinal).Select(w => Encoding.ASCII.GetBytes(w.Key)).ToArray();
        for (var i = 0; i < words.Length; i++) ranks[Mixing.Hash(words[i], 0)] = i;
    }

    /// <summary>The word that stands for <paramref name="word"/> under <paramref name="key"/>; nothing when it is no word.</summary>
    public ReadOnlySpan<byte> Exchange(ReadOnlySpan<byte> word, ulong key)
    {
        if (!ranks.TryGetValue(Mixing.Hash(word, 0), out var rank)) return default;
        var block = rank / Neighbours;
        if ((block + 1) * Neighbours > words.Length) return words[rank];
        return words[rank ^ (int)(Mixing.Mix(key + (ulong)block) % Neighbours)];
    }

    private static void Count(byte[] json, Dictionary<string, int> counts)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals("content"u8)) continue;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String) continue;
            foreach (var word in reader.GetString()!.Split(' '))
                if (word.Length > 1 && word.All(char.IsAsciiLetterLower)) counts[word] = counts.GetValueOrDefault(word) + 1;
        }
    }
}
