using Orleans.Runtime;

namespace Backup.Grains.Memory.Cuts;

/// <summary>A cut and the silos that hold a part of it; as text, the handle by which it is joined.</summary>
/// <param name="Cut">Id of the cut.</param>
/// <param name="Silos">The silos.</param>
internal sealed record CutParts(string Cut, IReadOnlyList<SiloAddress> Silos)
{
    private const char Separator = '|';

    public static CutParts Parse(string token)
    {
        var words = token.Split(Separator);
        return new(words[0], [.. words.Skip(1).Select(SiloAddress.FromParsableString)]);
    }

    public override string ToString() => string.Join(Separator, Silos.Select(s => s.ToParsableString()).Prepend(Cut));
}
