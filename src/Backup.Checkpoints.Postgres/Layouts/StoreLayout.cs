using System.Text.Json;
using System.Text.Json.Serialization;

namespace Backup.Checkpoints.Postgres.Layouts;

/// <summary>The tables of a store as they were found (formats.md §2.1, §2.8).</summary>
internal sealed record StoreLayout
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Format of this description.</summary>
    public int Version { get; init; } = 1;
    /// <summary>Schema the tables were in.</summary>
    public required string Schema { get; init; }
    /// <summary>The tables that are there.</summary>
    public required IReadOnlyList<TableLayout> Tables { get; init; }

    /// <summary>The table of that name, or null.</summary>
    public TableLayout? Table(string name) => Tables.FirstOrDefault(t => t.Name == name);

    /// <summary>What an operator should know about the tables.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>True when long-term memory is there.</summary>
    public bool HasMemory => Table(TableNames.Store) is not null;

    public string Encode() => JsonSerializer.Serialize(this, Json);

    public static StoreLayout Decode(string json) => JsonSerializer.Deserialize<StoreLayout>(json, Json)!;
}

/// <summary>One table.</summary>
internal sealed record TableLayout
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }
    /// <summary>Columns in order, generated ones left out.</summary>
    public required IReadOnlyList<ColumnLayout> Columns { get; init; }
    /// <summary>Generated columns: their value follows from the others, their <see cref="ColumnLayout.Default"/> says how.</summary>
    public IReadOnlyList<ColumnLayout> Generated { get; init; } = [];
    /// <summary>Columns of the primary key, in order.</summary>
    public required IReadOnlyList<string> PrimaryKey { get; init; }
    /// <summary>Other indexes.</summary>
    public IReadOnlyList<IndexLayout> Indexes { get; init; } = [];
    /// <summary>Names of triggers.</summary>
    public IReadOnlyList<string> Triggers { get; init; } = [];
    /// <summary>Rows of a migrations table.</summary>
    public IReadOnlyList<int>? Migrations { get; init; }

    public bool Has(string column) => Column(column) is not null;

    public ColumnLayout? Column(string name) => Columns.FirstOrDefault(c => c.Name == name);
}

/// <summary>One column.</summary>
/// <param name="Name">Name.</param>
/// <param name="Type">Type as PostgreSQL prints it.</param>
/// <param name="NotNull">True when it refuses null.</param>
/// <param name="Default">Default expression, or null.</param>
internal sealed record ColumnLayout(string Name, string Type, bool NotNull, string? Default)
{
    /// <summary>The type behind a domain; null when <see cref="Type"/> is none.</summary>
    public string? Base { get; init; }
    /// <summary>Values come from a sequence unless given.</summary>
    public bool Numbered { get; init; }
    /// <summary>Collation, to compare tables of one database.</summary>
    [JsonIgnore]
    public uint Collation { get; init; }
    /// <summary>Different texts may count as equal.</summary>
    [JsonIgnore]
    public bool Folding { get; init; }

    /// <summary>The type that says how values are written, without a length.</summary>
    [JsonIgnore]
    public string Form => Base ?? (Type.StartsWith("character varying(", StringComparison.Ordinal) ? "character varying" : Type);
}

/// <summary>One index that is not the primary key.</summary>
/// <param name="Name">Name.</param>
/// <param name="Unique">True when it is unique.</param>
/// <param name="Definition">What follows USING in its definition.</param>
internal sealed record IndexLayout(string Name, bool Unique, string Definition);
