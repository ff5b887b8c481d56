using System.Diagnostics;

namespace Backup.Live.Losses;

/// <summary>What would be lost for ever were the source lost at a moment.</summary>
/// <param name="Commits">Acknowledged commits that no closed tick holds.</param>
/// <param name="Seconds">From the acknowledgement of the oldest of them to the moment; 0 when there is none.</param>
internal readonly record struct Loss(int Commits, double Seconds)
{
    /// <summary>Of a moment, what was acknowledged until then, and the first position no tick covers.</summary>
    public static Loss Of(long moment, IEnumerable<IReadOnlyList<Acknowledged>> acknowledged, ulong covered)
    {
        var (commits, oldest) = (0, moment);
        foreach (var writer in acknowledged)
        {
            // A commit comes before the place where its writer's next one begins.
            var held = writer.Count - 1;
            while (held >= 0 && Math.Min(writer[held].Below, held + 1 < writer.Count ? writer[held + 1].Above : ulong.MaxValue) > covered) held--;
            commits += writer.Count - 1 - held;
            if (held + 1 < writer.Count && writer[held + 1].Time < oldest) oldest = writer[held + 1].Time;
        }
        return new(commits, Stopwatch.GetElapsedTime(oldest, moment).TotalSeconds);
    }
}

/// <summary>A kill and what came of it.</summary>
/// <param name="Killed">What was killed.</param>
/// <param name="Acknowledged">Commits acknowledged before.</param>
/// <param name="Loss">What would have been lost with the source.</param>
/// <param name="Reported">Seconds of lag that <c>log status</c> reported last, and the time since.</param>
/// <param name="Recovered">Seconds until the archive held everything acknowledged before.</param>
/// <param name="Epoch">Epoch of the owner then.</param>
internal sealed record Kill(string Killed, int Acknowledged, Loss Loss, double Reported, double Recovered, int Epoch);
