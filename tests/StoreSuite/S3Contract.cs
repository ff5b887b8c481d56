using Backup.Tests.StoreSuite.Support;

namespace Backup.Tests.StoreSuite;

/// <summary>The suite for S3.</summary>
public sealed class S3Contract : StoreContract
{
    protected override int Samples => 3;

    protected override int Many => 100;

    protected override bool HoldsStill => false;

    private protected override async Task<StoreUnderTest> CreateAsync() => await new S3UnderTest().SetupAsync();
}
