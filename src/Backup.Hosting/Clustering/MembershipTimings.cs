using Orleans.Configuration;

namespace Backup.Hosting.Clustering;

/// <summary>How fast a lost silo is noticed.</summary>
internal static class MembershipTimings
{
    /// <summary>
    /// Sets them for a backup fleet. A killed silo is noticed by its closed connections; a frozen one only when nothing
    /// came from it for <c>MaxProbeTimeout × NumMissedProbesLimit</c>, 15 s here, more than a minute by default.
    /// The check of connections stays on: it keeps a silo in a long garbage collection from being declared dead.
    /// </summary>
    public static void Apply(ClusterMembershipOptions options)
    {
        options.ProbeTimeout = TimeSpan.FromSeconds(2);
        options.MaxProbeTimeout = TimeSpan.FromSeconds(5);
        options.NumMissedProbesLimit = 3;
        options.TableRefreshTimeout = TimeSpan.FromSeconds(15);
        // After a crash of the whole fleet a silo waits three of these for the others' rows to grow stale.
        options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(10);
    }
}
