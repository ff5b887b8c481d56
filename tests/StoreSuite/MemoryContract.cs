using Backup.Tests.StoreSuite.Support;

namespace Backup.Tests.StoreSuite;

/// <summary>The suite for threads held in memory.</summary>
public sealed class MemoryContract : StoreContract
{
    protected override int Samples => 300;

    private protected override Task<StoreUnderTest> CreateAsync() => Task.FromResult<StoreUnderTest>(new MemoryUnderTest());
}
