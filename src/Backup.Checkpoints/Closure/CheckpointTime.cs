using System.Globalization;

namespace Backup.Checkpoints.Closure;

/// <summary>The time inside a checkpoint id (formats.md §1.2).</summary>
public static class CheckpointTime
{
    private const long UnixEpochInUuidTicks = 0x01B21DD213814000;

    /// <summary>Reads the time of a UUIDv6; null for any other id. The variant is not checked: JS writes invalid ones.</summary>
    public static DateTimeOffset? Read(string checkpointId)
    {
        if (checkpointId.Length != 36 || checkpointId[14] != '6' || checkpointId[8] != '-' || checkpointId[13] != '-') return null;
        var hex = checkpointId.Replace("-", "", StringComparison.Ordinal);
        if (!ulong.TryParse(hex.AsSpan(0, 12), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var high)
            || !ulong.TryParse(hex.AsSpan(13, 3), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var low)) return null;
        var ticks = (long)((high << 12) | low) - UnixEpochInUuidTicks;
        return ticks >= 0 && ticks < DateTimeOffset.MaxValue.UtcTicks - DateTimeOffset.UnixEpoch.Ticks ? DateTimeOffset.UnixEpoch.AddTicks(ticks) : null;
    }
}
