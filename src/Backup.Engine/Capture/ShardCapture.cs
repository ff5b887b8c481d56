using System.Security.Cryptography;
using System.Text;
using Backup.Archive;
using Backup.Archive.Objects;
using Backup.Archive.Units;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Progress;
using Backup.Engine.Units;

namespace Backup.Engine.Capture;

/// <summary>Captures one shard of a cut into the archive. An attempt leaves either a whole shard result or nothing that counts.</summary>
public static class ShardCapture
{
    /// <summary>Reads the shard and writes its segments, its index and its result.</summary>
    public static async Task<ShardResult> RunAsync(OpenedArchive archive, ISourceCut cut, string fingerprint, Shard shard, RunProgress progress, TimeProvider time, CancellationToken cancellation)
    {
        await using var writer = new ShardWriter(archive, progress.Run, shard.Number, time);
        await cut.CaptureAsync(shard, new ArchiveSink(writer, progress), cancellation);
        Failpoint.Reach("capture.shard");
        var result = await writer.CompleteAsync(fingerprint, UnitSummary.Count, cancellation);
        Failpoint.Reach("capture.result");
        progress.ShardDone();
        return result;
    }

    /// <summary>Names a cut by what the one who took it says of it.</summary>
    public static string Fingerprint(CutDescription cut)
    {
        var text = new StringBuilder().Append(cut.Time.UtcTicks).Append('\n').Append(cut.Position).Append('\n').Append(cut.Layout);
        foreach (var (name, value) in cut.Identity.OrderBy(i => i.Key, StringComparer.Ordinal)) text.Append('\n').Append(name).Append('=').Append(value);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
