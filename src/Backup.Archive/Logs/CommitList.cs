using Backup.Contracts;

namespace Backup.Archive.Logs;

/// <summary>One commit of a source.</summary>
/// <param name="Position">Its position in the source's log.</param>
/// <param name="Time">When, by the source's clock.</param>
public readonly record struct LogCommit(ulong Position, DateTimeOffset Time);

/// <summary>The commits of a tick as its marker carries them: of each the distance to the position before and, zig-zag, to the microsecond before.</summary>
public static class CommitList
{
    /// <summary>Encodes commits in the order of their positions.</summary>
    public static byte[] Encode(IReadOnlyList<LogCommit> commits)
    {
        var buffer = new byte[commits.Count * 2 * Varint.MaxLength];
        var length = 0;
        var (position, time) = (0UL, 0L);
        foreach (var commit in commits)
        {
            length += Varint.Write(buffer.AsSpan(length), commit.Position - position);
            length += Varint.Write(buffer.AsSpan(length), Varint.ZigZag(Microseconds(commit.Time) - time));
            (position, time) = (commit.Position, Microseconds(commit.Time));
        }
        return buffer[..length];
    }

    /// <summary>Decodes.</summary>
    /// <exception cref="FormatException">It is not a list of commits.</exception>
    public static IEnumerable<LogCommit> Decode(byte[] bytes)
    {
        var at = 0;
        var (position, time) = (0UL, 0L);
        while (at < bytes.Length)
        {
            var distance = Next();
            time += Varint.UnZigZag(Next());
            if (distance == 0 && position > 0) throw new FormatException("two commits at one position");
            position = checked(position + distance);
            if (time < 0 || time > DateTimeOffset.MaxValue.UtcTicks / TimeSpan.TicksPerMicrosecond) throw new FormatException("a commit at no time");
            yield return new(position, new(time * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero));
        }

        ulong Next()
        {
            var used = Varint.Read(bytes.AsSpan(at), out var value);
            if (used == 0) throw new FormatException("a list of commits ends inside a number");
            at += used;
            return value;
        }
    }

    private static long Microseconds(DateTimeOffset time) => time.UtcTicks / TimeSpan.TicksPerMicrosecond;
}
