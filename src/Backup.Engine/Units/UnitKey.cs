using System.Text;
using Backup.Checkpoints.Model;

namespace Backup.Engine.Units;

/// <summary>A unit id as the key archives order units by: the kind, then the UTF-8 bytes of the id.</summary>
public static class UnitKey
{
    /// <summary>Encodes.</summary>
    public static byte[] Of(UnitId unit) => [(byte)unit.Kind, .. Encoding.UTF8.GetBytes(unit.Id)];

    /// <summary>Decodes.</summary>
    public static UnitId Read(ReadOnlySpan<byte> key) => new((UnitKind)key[0], Encoding.UTF8.GetString(key[1..]));
}
