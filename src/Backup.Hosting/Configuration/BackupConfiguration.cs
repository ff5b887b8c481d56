using Backup.Contracts;
using Microsoft.Extensions.Configuration;

namespace Backup.Hosting.Configuration;

/// <summary>Reads the section <c>Backup</c> from a JSON file and the environment, and refuses what is not right in it.</summary>
public static class BackupConfiguration
{
    /// <summary>The environment variable that names the file when nothing else does.</summary>
    public const string FileVariable = "BACKUP_CONFIG";

    private const string Section = "Backup";

    /// <summary>
    /// Reads <paramref name="file"/> (or the file <c>BACKUP_CONFIG</c> names) with <c>Backup__…</c> variables on top.
    /// Relative paths in it are relative to the file's folder.
    /// </summary>
    /// <exception cref="BackupException">Usage: everything that is wrong, each setting with its full path, no secret in it.</exception>
    public static BackupOptions Load(string? file, IReadOnlyDictionary<string, string> environment)
    {
        file ??= environment.GetValueOrDefault(FileVariable) is { Length: > 0 } named ? named : null;
        var overrides = EnvironmentSettings.Read(environment);
        if (file is null && overrides.Count == 0)
            throw new BackupException(ErrorKind.Usage, "there is no configuration",
                $"Name a JSON file with --config FILE or {FileVariable}, like "
                + """{"Backup":{"Sources":{"prod":{"Kind":"postgres","ConnectionString":"Host=db;Database=app"}},"Archives":{"main":{"Kind":"local","Path":"/var/backups/main","KeyFile":"/etc/backup/main.key"}}}}""");

        var builder = new ConfigurationBuilder();
        if (file is not null) SettingsFile.Add(builder, file);
        var section = builder.AddInMemoryCollection(overrides).Build().GetSection(Section);
        var where = file ?? $"the {Section}__… environment variables";
        if (!section.GetChildren().Any())
            throw new BackupException(ErrorKind.Usage, $"{where} has no section {Section}", "Put the settings into an object \"Backup\".");

        var problems = new ConfigurationProblems();
        var folder = file is null ? Directory.GetCurrentDirectory() : Path.GetDirectoryName(Path.GetFullPath(file))!;
        var options = Read(new(section, folder, problems), environment);
        problems.ThrowIfAny(where);
        return options;
    }

    /// <summary>Reads it with this process's own environment.</summary>
    /// <exception cref="BackupException">Usage, as above.</exception>
    public static BackupOptions Load(string? file = null) => Load(file, ProcessEnvironment());

    /// <summary>This process's environment variables.</summary>
    public static IReadOnlyDictionary<string, string> ProcessEnvironment() => EnvironmentSettings.OfProcess();

    private static BackupOptions Read(SettingsSection section, IReadOnlyDictionary<string, string> environment)
    {
        var state = section.Child("State");
        var options = new BackupOptions
        {
            Sources = section.Named("Sources", SourceOptions.Read),
            Archives = section.Named("Archives", ArchiveOptions.Read),
            Cluster = section.Child("Cluster") is { } cluster ? BackupClusterOptions.Read(cluster) : null,
            State = state is null ? new() : StateOptions.Read(state),
            Http = section.Child("Http") is { } http ? HttpOptions.Read(http) : new(),
            Workers = section.Number("Workers", 1, 256) ?? BackupOptions.DefaultWorkers,
            StateFolder = section.Path("StateFolder") ?? DefaultStateFolder(environment),
        };
        if (options is { Cluster.Kind: BackupClusterOptions.Redis, State.ConnectionString: null })
            section.Problem("State:ConnectionString is missing: a fleet keeps its state in PostgreSQL, write how to reach it");
        foreach (var (name, source) in options.Sources.Where(s => s.Value.Log.Enabled))
            source.Log.CheckArchive(section.Child("Sources")!.Child(name)!.Child("Log")!, options.Archives);
        section.RefuseUnknown();
        return options;
    }

    private static string DefaultStateFolder(IReadOnlyDictionary<string, string> environment)
    {
        var state = environment.GetValueOrDefault("XDG_STATE_HOME") is { } set && Path.IsPathRooted(set) ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), ".local", "state");
        return Path.Combine(state, "backup-orleans");
    }
}
