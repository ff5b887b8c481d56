using Backup.Engine.ChangeLog;

namespace Backup.Grains.ChangeLog;

/// <summary>A source and its change log.</summary>
/// <param name="Enabled">False when the log is not kept, or not any more.</param>
/// <param name="Archive">The archive it is kept in, or was.</param>
/// <param name="Options">How.</param>
internal sealed record FollowedSource(bool Enabled, string Archive, LogOptions Options);

/// <summary>What this silo's configuration says of change logs.</summary>
internal sealed class FollowedSources(IEnumerable<FollowedSource> sources)
{
    private readonly Dictionary<string, FollowedSource> byName = sources.ToDictionary(s => s.Options.Source, StringComparer.Ordinal);

    /// <summary>The sources whose log is to be kept.</summary>
    public IEnumerable<FollowedSource> Enabled => byName.Values.Where(s => s.Enabled);

    /// <summary>A source that can be followed; null where none of that name is configured, or no archive it would go to.</summary>
    public FollowedSource? Find(string source) => byName.GetValueOrDefault(source);
}
