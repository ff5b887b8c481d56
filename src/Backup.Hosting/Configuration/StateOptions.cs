namespace Backup.Hosting.Configuration;

/// <summary>Where a cluster keeps its working state: PostgreSQL, or a folder for a single silo.</summary>
public sealed class StateOptions
{
    /// <summary>How to reach PostgreSQL, or null. A secret: never printed.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Full path of the folder of a single silo's state, or null for <c>silo</c> in <see cref="BackupOptions.StateFolder"/>.</summary>
    public string? Folder { get; init; }

    internal static StateOptions Read(SettingsSection section)
    {
        var options = new StateOptions { ConnectionString = section.Text("ConnectionString"), Folder = section.Path("Folder") };
        if (options is { ConnectionString: not null, Folder: not null }) section.Problem("says both ConnectionString and Folder: keep one");
        section.RefuseUnknown();
        return options;
    }
}
