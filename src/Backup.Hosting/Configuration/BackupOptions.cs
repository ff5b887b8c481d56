using Backup.Contracts;

namespace Backup.Hosting.Configuration;

/// <summary>Everything configured: the section <c>Backup</c> of the tool and of the server. Read by <see cref="BackupConfiguration"/>.</summary>
public sealed class BackupOptions
{
    /// <summary>Checkpoint stores by name: each a source, and a target where it is writable.</summary>
    public IReadOnlyDictionary<string, SourceOptions> Sources { get; init; } = new Dictionary<string, SourceOptions>();

    /// <summary>Archives by name.</summary>
    public IReadOnlyDictionary<string, ArchiveOptions> Archives { get; init; } = new Dictionary<string, ArchiveOptions>();

    /// <summary>The cluster, or null: the engine runs in the tool's own process.</summary>
    public BackupClusterOptions? Cluster { get; init; }

    /// <summary>Where the cluster keeps its working state.</summary>
    public StateOptions State { get; init; } = new();

    /// <summary>The server's HTTP side.</summary>
    public HttpOptions Http { get; init; } = new();

    /// <summary>Shards one process works on at once.</summary>
    public int Workers { get; init; } = DefaultWorkers;

    /// <summary>Folder of the tool's own records: run states, locks, what was last seen of an archive.</summary>
    public required string StateFolder { get; init; }

    /// <summary>One per core, between 2 and 8.</summary>
    public static int DefaultWorkers => Math.Clamp(Environment.ProcessorCount, 2, 8);

    /// <summary>The configured source of that name.</summary>
    /// <exception cref="BackupException">NotFound, with the names there are.</exception>
    public SourceOptions Source(string name) => Find(Sources, name, "source", "Backup:Sources");

    /// <summary>The configured source of that name, as something that is restored into.</summary>
    /// <exception cref="BackupException">NotFound, or Usage when it is not writable.</exception>
    public SourceOptions Target(string name)
    {
        var target = Find(Sources, name, "target", "Backup:Sources");
        return target.Writable ? target : throw new BackupException(ErrorKind.Usage,
            $"{name} is not writable: nothing is restored into it",
            $"Set Backup:Sources:{name}:Writable to true if this store may be changed, or restore into another one.");
    }

    /// <summary>The configured archive of that name.</summary>
    /// <exception cref="BackupException">NotFound, with the names there are.</exception>
    public ArchiveOptions Archive(string name) => Find(Archives, name, "archive", "Backup:Archives");

    /// <summary>The name of the archive meant: <paramref name="name"/> when given (it must be configured), else the only one there is.</summary>
    /// <exception cref="BackupException">Usage when none is named and there is not exactly one; NotFound.</exception>
    public string ArchiveName(string? name)
    {
        if (name is not null)
        {
            Archive(name);
            return name;
        }
        return Archives.Count switch
        {
            1 => Archives.Keys.First(),
            0 => throw new BackupException(ErrorKind.Usage, "no archive is configured", "Add one under Backup:Archives, then run 'backup archive init NAME'."),
            _ => throw new BackupException(ErrorKind.Usage, $"more than one archive is configured: {List(Archives.Keys)}", "Say which one with --archive NAME."),
        };
    }

    /// <summary>The archive a source's change log goes to, or went to when it is not enabled any more; null when that is not said.</summary>
    public string? LogArchive(string source) => Sources.GetValueOrDefault(source)?.Log.Archive ?? (Archives.Count == 1 ? Archives.Keys.First() : null);

    private static T Find<T>(IReadOnlyDictionary<string, T> all, string name, string what, string section)
    {
        if (all.TryGetValue(name, out var found)) return found;
        var hint = all.Count == 0 ? $"Add one under {section}."
            : Suggestion.For(name, all.Keys) is { } near ? $"Did you mean '{near}'? Configured: {List(all.Keys)}."
            : $"Configured: {List(all.Keys)}.";
        throw new BackupException(ErrorKind.NotFound, $"no {what} named '{name}' is configured", hint);
    }

    private static string List(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));
}
