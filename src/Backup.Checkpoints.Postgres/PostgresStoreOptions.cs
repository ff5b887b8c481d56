using Backup.Checkpoints.Stores;

namespace Backup.Checkpoints.Postgres;

/// <summary>Where a LangGraph store in PostgreSQL is.</summary>
public sealed record PostgresStoreOptions
{
    /// <summary>Configured name, for messages.</summary>
    public required string Name { get; init; }
    /// <summary>Npgsql connection string.</summary>
    public required string ConnectionString { get; init; }
    /// <summary>Schema of the tables.</summary>
    public string Schema { get; init; } = "public";
    /// <summary>True when restores may write here.</summary>
    public bool Writable { get; init; }
    /// <summary>Loaders that may work at once on a fresh target.</summary>
    public int Loaders { get; init; } = 2;
    /// <summary>How fast captures may read, or null for as fast as they can. Whoever shares the object shares the rate.</summary>
    public RateLimit? ReadLimit { get; init; }
    /// <summary>
    /// True when a cut's position is exact: every commit below it is in the cut, none at or above it. The snapshot is then that of a
    /// temporary replication slot, which the role must be allowed to make, and waits for the write transactions that are open.
    /// </summary>
    public bool ExactCut { get; init; }
}
