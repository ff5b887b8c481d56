using Backup.Checkpoints.Postgres.Changes;
using Backup.Tests.StoreSuite.Support;

namespace Backup.Tests.StoreSuite.Postgres;

/// <summary>Transaction ids go round: what was written since a cut is the half circle behind it, wherever it begins.</summary>
public sealed class TouchedRowsTests(DatabaseFixture fixture)
{
    [Fact]
    public async Task The_half_circle_behind_a_cut_is_touched_and_what_is_no_transaction_is_not()
    {
        uint[] edges = [0, 1, 2, 3, 4, 1000, int.MaxValue - 1u, int.MaxValue, 1u << 31, (1u << 31) + 1, (1u << 31) + 3, 3_000_000_000, uint.MaxValue - 1, uint.MaxValue];
        await using var store = await new PostgresUnderTest(fixture.Database).SetupAsync();
        foreach (var epoch in new ulong[] { 0, 7UL << 32 })
        foreach (var cut in edges.Where(e => e > 2))
        {
            var condition = TouchedRows.Since(new(new Dictionary<string, string> { ["snapshotXmin"] = (epoch | cut).ToString(System.Globalization.CultureInfo.InvariantCulture) }, null, ""));
            var touched = await store.ScalarAsync<string>($"select coalesce(string_agg(id, ' ' order by n), '') from (select n, id, id::xid as xmin from unnest(array[{string.Join(',', edges.Select(e => $"'{e}'"))}]) with ordinality ids(id, n)) rows where {condition}");
            Assert.Equal(string.Join(' ', edges.Where(e => e > 2 && unchecked(e - cut) < 1u << 31)), touched);
        }
    }
}
