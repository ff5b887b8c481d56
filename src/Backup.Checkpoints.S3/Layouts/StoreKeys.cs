using System.Globalization;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.S3.Layouts;

/// <summary>The keys of a store, below its prefix (docs/s3.md).</summary>
internal static class StoreKeys
{
    /// <summary>What the store is, and who restores into it.</summary>
    public const string Store = "store/";

    /// <summary>The description of the store.</summary>
    public const string Layout = Store + "layout";

    /// <summary>The marks of restores, numbered.</summary>
    public const string Marks = Store + "restore-";

    /// <summary>The heads of units.</summary>
    public const string Heads = "heads/";

    /// <summary>What restores have put aside.</summary>
    public const string Stages = "stage/";

    /// <summary>What a session has put aside: below it stand heads as below <see cref="Heads"/>.</summary>
    public static string Stage(string session) => $"{Stages}{session}/";

    /// <summary>There while a session puts in place what it has put aside.</summary>
    public static string Publishing(string session) => $"publishing/{session}";

    /// <summary>Records that did not fit into an entry.</summary>
    public static string Parts(string session) => $"parts/{session}/";

    /// <summary>Where a unit's keys stand below a root.</summary>
    public static string Place(UnitKind kind, string name) => $"{UnitName.Folder(kind)}/{name}!/";

    /// <summary>Where a unit's keys stand below a root.</summary>
    public static string Place(UnitId unit) => Place(unit.Kind, UnitName.Of(unit.Id));

    /// <summary>Stands below the root as long as the unit was ever there, and holds its id.</summary>
    public static string Marker(string root, string place) => $"{root}{place}+";

    /// <summary>An entry of a unit's log.</summary>
    public static string Entry(string place, long number) => string.Create(CultureInfo.InvariantCulture, $"log/{place}{number:D10}");
}
