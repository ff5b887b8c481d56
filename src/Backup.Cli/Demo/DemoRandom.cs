using System.Globalization;
using System.Text;

namespace Backup.Cli.Demo;

/// <summary>The same numbers and words from the same seed (SplitMix64): every demonstration makes the same threads.</summary>
internal sealed class DemoRandom(ulong seed)
{
    private static readonly string[] Words =
        ("the of order account refund we customer shipping can status please invoice item to payment was is for and you with a policy checked return delivered address "
         + "tracking number in warehouse replaced question confirmed team over days box label card credit note sorry happy result found change plan booking flight hotel "
         + "report table query rows error retry region latency deploy version").Split(' ');

    private ulong state = seed;

    public int Next(int least, int most) => least + (int)(Number() % (ulong)(most - least + 1));

    public bool OneIn(int n) => Number() % (ulong)n == 0;

    public string Hex(int digits)
    {
        var text = new StringBuilder();
        while (text.Length < digits) text.Append(Number().ToString("x16", CultureInfo.InvariantCulture));
        return text.ToString(0, digits);
    }

    public string Uuid() => $"{Hex(8)}-{Hex(4)}-5{Hex(3)}-a{Hex(3)}-{Hex(12)}";

    /// <summary>That many words in sentences.</summary>
    public string Text(int words)
    {
        var text = new StringBuilder();
        for (var i = 0; i < words; i++)
        {
            var word = OneIn(12) ? Next(2, 9999).ToString(CultureInfo.InvariantCulture) : Words[Next(0, Words.Length - 1)];
            text.Append(i == 0 ? char.ToUpperInvariant(word[0]) + word[1..] : word).Append(i == words - 1 ? "." : OneIn(9) ? ", " : " ");
        }
        return text.ToString();
    }

    private ulong Number()
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
