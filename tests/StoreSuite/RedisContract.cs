using Backup.Tests.StoreSuite.Support;

namespace Backup.Tests.StoreSuite;

/// <summary>The suite for Redis in the plain layout.</summary>
public sealed class RedisContract : StoreContract
{
    protected override int Samples => 30;

    protected override bool HoldsStill => false;

    private protected override async Task<StoreUnderTest> CreateAsync() => await new RedisUnderTest().SetupAsync();
}
