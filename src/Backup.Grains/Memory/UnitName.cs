using System.Globalization;
using Backup.Checkpoints.Model;

namespace Backup.Grains.Memory;

/// <summary>A unit as one word, for messages and state: the number of its kind, then its id.</summary>
internal static class UnitName
{
    public static string Of(UnitId unit) => ((int)unit.Kind).ToString(CultureInfo.InvariantCulture) + unit.Id;

    public static UnitId Parse(string name) => new((UnitKind)(name[0] - '0'), name[1..]);
}
