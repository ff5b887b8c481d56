using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Storage;

namespace Backup.Engine.Collection;

/// <summary>What time it is at a storage. Ages of its objects are counted from that, so a wrong clock of this machine makes no run look old.</summary>
internal static class StorageClock
{
    /// <summary>Writes an object, looks when the storage says it was created, and deletes it again.</summary>
    public static async Task<DateTimeOffset> NowAsync(IBackupStorage storage, CancellationToken cancellation)
    {
        var name = ObjectNames.Clock(Randomness.Token(16));
        await storage.PutAsync(name, default, cancellation);
        Failpoint.Reach("collect.clock");
        var listed = await storage.ListAllAsync(name, cancellation);
        await storage.DeleteAsync(name, cancellation);
        return listed is [var own] ? own.Created : throw new BackupException(ErrorKind.Failed, $"{storage.Location} does not list an object that was just written",
            "Nothing was collected: on such a storage it cannot be known what is inert. Run the same command again later.");
    }

    /// <summary>Deletes what collections left here that were killed.</summary>
    public static async Task TidyAsync(IBackupStorage storage, DateTimeOffset before, CancellationToken cancellation)
    {
        foreach (var item in await storage.ListAllAsync(ObjectNames.Clocks, cancellation))
            if (item.Created <= before) await storage.DeleteAsync(item.Name, cancellation);
    }
}
