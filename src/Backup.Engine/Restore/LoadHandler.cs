using Backup.Archive.Index;
using Backup.Archive.Units;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Engine.Progress;

namespace Backup.Engine.Restore;

/// <summary>Hands the records of units to a loader.</summary>
internal sealed class LoadHandler(ITargetLoader loader, RestoreSelection selection, IReadOnlySet<UnitEntry> replace, RunProgress progress) : IUnitHandler
{
    private UnitEntry? current;

    /// <summary>Records loaded.</summary>
    public long Records { get; private set; }

    public ValueTask BeginAsync(UnitEntry unit, CancellationToken cancellation)
    {
        current = unit;
        return loader.BeginAsync(selection.Target(unit), replace.Contains(unit), cancellation);
    }

    public ValueTask EntryAsync(int tag, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        Records++;
        return loader.WriteAsync(new(bytes, tag), cancellation);
    }

    public ValueTask EndAsync(CancellationToken cancellation)
    {
        progress.Unit(current!.Key[0] == (byte)UnitKind.Thread, current.RawBytes);
        return loader.EndAsync(cancellation);
    }
}
