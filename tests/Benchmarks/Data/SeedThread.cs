namespace Backup.Benchmarks.Data;

/// <summary>A row: text columns in the table's order, then the bytes of its blob where the table has one.</summary>
internal sealed record Row(string?[] Texts, byte[]? Blob);

/// <summary>The rows of one real thread, table by table, in the order LangGraph wrote them.</summary>
internal sealed class SeedThread
{
    public List<Row>[] Tables { get; } = Table.All.Select(_ => new List<Row>()).ToArray();
}
