namespace Backup.Checkpoints.Postgres.Layouts;

/// <summary>Names of LangGraph's tables.</summary>
internal static class TableNames
{
    public const string Checkpoints = "checkpoints";
    public const string Blobs = "checkpoint_blobs";
    public const string Writes = "checkpoint_writes";
    public const string Migrations = "checkpoint_migrations";
    public const string Store = "store";
    public const string Vectors = "store_vectors";
    public const string StoreMigrations = "store_migrations";
    public const string VectorMigrations = "vector_migrations";

    /// <summary>Tables that hold threads.</summary>
    public static readonly IReadOnlyList<string> Threads = [Checkpoints, Blobs, Writes];

    /// <summary>Every table, those others refer to first.</summary>
    public static readonly IReadOnlyList<string> All = [Checkpoints, Blobs, Writes, Migrations, Store, Vectors, StoreMigrations, VectorMigrations];

    public static bool IsMigrations(string table) => table is Migrations or StoreMigrations or VectorMigrations;

    public static bool IsMemory(string table) => table is Store or Vectors or StoreMigrations or VectorMigrations;
}
