namespace Backup.Checkpoints.Model;

/// <summary>What a unit is. The number is stored in archives and never changes its meaning.</summary>
public enum UnitKind : byte
{
    /// <summary>A LangGraph thread: its checkpoints, blobs and writes.</summary>
    Thread = 0,
    /// <summary>One namespace of long-term memory: its items and their vectors.</summary>
    Memory = 1,
}

/// <summary>
/// The unit of capture, index, restore and erasure: a thread, or one namespace of long-term memory.
/// Units are independent of each other, and ordered by kind, then by the UTF-8 bytes of the id.
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="Id">The thread id, or the namespace as the store spells it.</param>
public readonly record struct UnitId(UnitKind Kind, string Id) : IComparable<UnitId>
{
    /// <summary>The thread <paramref name="id"/>.</summary>
    public static UnitId Thread(string id) => new(UnitKind.Thread, id);

    /// <inheritdoc/>
    public int CompareTo(UnitId other) =>
        Kind != other.Kind ? Kind.CompareTo(other.Kind) : Utf8Order.Compare(Id, other.Id);

    /// <inheritdoc/>
    public override string ToString() => Kind == UnitKind.Thread ? Id : $"memory namespace {Id}";
}
