using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;

namespace Backup.Grains.Memory;

/// <summary>Puts units together from their pieces.</summary>
internal sealed class UnitAssembly
{
    private readonly Dictionary<UnitId, MemoryUnit> building = [];

    /// <summary>Takes pieces in; returns the units that are complete with them.</summary>
    public IReadOnlyList<(UnitId Unit, MemoryUnit Content, bool Replace)> Add(IReadOnlyList<UnitPiece> pieces)
    {
        var complete = new List<(UnitId, MemoryUnit, bool)>();
        foreach (var piece in pieces)
        {
            var unit = UnitName.Parse(piece.Unit);
            building.Remove(unit, out var content);
            content ??= MemoryUnit.Empty;
            foreach (var record in piece.Records) content = content.With(new(record.Bytes, record.KeyLength));
            if (piece.Last) complete.Add((unit, content, piece.Replace));
            else building[unit] = content;
        }
        return complete;
    }
}
