using Backup.Tests.StoreSuite.Support;

namespace Backup.Tests.StoreSuite;

/// <summary>The suite for PostgreSQL.</summary>
public sealed class PostgresContract(DatabaseFixture fixture) : StoreContract
{
    protected override int Samples => 8;

    private protected override async Task<StoreUnderTest> CreateAsync() => await new PostgresUnderTest(fixture.Database).SetupAsync();
}
