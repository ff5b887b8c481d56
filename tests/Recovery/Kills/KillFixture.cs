using Backup.Tests.Recovery.Support;

namespace Backup.Tests.Recovery.Kills;

/// <summary>Three silos, kept at three.</summary>
public sealed class KillFixture : IAsyncLifetime
{
    public const int Threads = 1500;
    // A silo that did not hear of a run's end, because another was lost just then, finds out by itself: it lets go of what is not asked for
    // for three minutes, and looks every half minute.
    private const double LetGoSeconds = 240;

    public TestCluster Fleet { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Fleet = await TestCluster.FleetAsync(Threads);

    public async Task<int> CountBackupsAsync() => (await Fleet.ToolAsync("list")).Expect(0).Json.GetProperty("backups").GetArrayLength();

    /// <summary>There is one backup more, it is whole, nobody holds its cut, and it restores exactly.</summary>
    public async Task AssertBackupAsync(string backup, int backups)
    {
        Assert.Equal(backups, await CountBackupsAsync());
        Assert.Equal("True", (await Fleet.ToolAsync("verify", backup, "--deep")).Expect(0)["ok"]);
        await Fleet.Store.AssertLetGoAsync(LetGoSeconds);
        await Fleet.Store.DropAsync("copy");
        Assert.Equal("True", (await Fleet.ToolAsync("restore", "--backup", backup, "--to", "copy")).Expect(0)["exact"]);
        await Fleet.Store.AssertSameAsync("copy");
        await Fleet.ReadyAsync();
    }

    public ValueTask DisposeAsync() => Fleet.DisposeAsync();
}
