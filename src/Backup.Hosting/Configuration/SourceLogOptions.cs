namespace Backup.Hosting.Configuration;

/// <summary>How the change log of a source is kept.</summary>
public sealed class SourceLogOptions
{
    /// <summary>True when silos follow the source, and every cut of it has an exact position in its log.</summary>
    public bool Enabled { get; init; }

    /// <summary>Name of the archive the log goes to; null for the only one there is.</summary>
    public string? Archive { get; init; }

    /// <summary>Mebibytes of its own log the source may keep for ours. Beyond, it is let go of, with a gap.</summary>
    public int MaxRetainedMB { get; init; } = DefaultMaxRetainedMB;

    /// <summary>Seconds a change waits at most before it is in the archive.</summary>
    public int TickSeconds { get; init; } = DefaultTickSeconds;

    /// <summary>Seconds between incremental backups where the source does not allow its log to be read.</summary>
    public int PollSeconds { get; init; } = DefaultPollSeconds;

    private const int DefaultMaxRetainedMB = 4096;
    private const int DefaultTickSeconds = 2;
    private const int DefaultPollSeconds = 30;

    internal static SourceLogOptions Read(SettingsSection section)
    {
        var options = new SourceLogOptions
        {
            Enabled = section.Flag("Enabled"),
            Archive = section.Text("Archive"),
            MaxRetainedMB = section.Number("MaxRetainedMB", 64, 100_000_000) ?? DefaultMaxRetainedMB,
            TickSeconds = section.Number("TickSeconds", 1, 5) ?? DefaultTickSeconds,
            PollSeconds = section.Number("PollSeconds", 5, 86_400) ?? DefaultPollSeconds,
        };
        section.RefuseUnknown();
        return options;
    }

    /// <summary>Makes sure that it is said which archive is meant.</summary>
    internal void CheckArchive(SettingsSection section, IReadOnlyDictionary<string, ArchiveOptions> archives)
    {
        if (Archive is null && archives.Count != 1) section.Problem("Archive is missing: write the name of the archive the log goes to");
        if (Archive is not null && !archives.ContainsKey(Archive))
            section.Problem($"Archive: no archive named '{Archive}' is configured{(Suggestion.For(Archive, archives.Keys) is { } near ? $"; did you mean '{near}'?" : "")}");
    }
}
