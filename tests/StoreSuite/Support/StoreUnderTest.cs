using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;

namespace Backup.Tests.StoreSuite.Support;

/// <summary>A store as the suite needs it: as source and target, and written to as an app writes.</summary>
internal abstract class StoreUnderTest : IAsyncDisposable
{
    public abstract ICheckpointSource Source { get; }

    public abstract ICheckpointTarget Target { get; }

    /// <summary>Writes records as an app does, in one transaction.</summary>
    public abstract Task WriteAsync(Contents contents);

    /// <summary>Deletes a thread as an app does.</summary>
    public abstract Task DeleteAsync(string thread);

    /// <summary>Another, empty store of the same kind.</summary>
    public abstract StoreUnderTest Another();

    public abstract ValueTask DisposeAsync();

    /// <summary>What a restore of this store's layout wants.</summary>
    public async Task<TargetIntent> IntentAsync(bool online = false)
    {
        await using var cut = await Source.CutAsync(default);
        return new() { SourceKind = Source.Kind, Layout = cut.Description.Layout, Online = online };
    }

    /// <summary>Loads contents through a session, and replaces the units named.</summary>
    public static async Task LoadAsync(ITargetSession session, Contents contents, params IReadOnlyCollection<UnitId> replace)
    {
        await using var loader = await session.OpenLoaderAsync(default);
        await LoadAsync(loader, contents, replace);
        await loader.CompleteAsync(default);
    }

    public static async Task LoadAsync(ITargetLoader loader, Contents contents, params IReadOnlyCollection<UnitId> replace)
    {
        foreach (var unit in contents.Units)
        {
            await loader.BeginAsync(unit, replace.Contains(unit), default);
            foreach (var record in contents.Records(unit)) await loader.WriteAsync(record, default);
            await loader.EndAsync(default);
        }
    }

    /// <summary>Restores contents into a target and commits.</summary>
    public static async Task RestoreAsync(ICheckpointTarget target, TargetIntent intent, Contents contents, params IReadOnlyCollection<UnitId> replace)
    {
        await using var session = await target.OpenAsync(intent, default);
        await LoadAsync(session, contents, replace);
        await session.SettleAsync(default);
        await using (var now = await session.ReadAsync(default))
        {
            var read = new Contents();
            await now.CaptureAsync(contents.Units.ToList(), read, default);
            Contents.AssertEqual(contents, read, "read back inside the session");
        }
        await session.CommitAsync(default);
    }
}
