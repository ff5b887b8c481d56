using Backup.Tests.Recovery.Support;

namespace Backup.Tests.Recovery.Kills;

/// <summary>Three silos as processes, one of them lost in the middle of a run: the run ends on the others, and nobody does anything for it.</summary>
public sealed class KillTests(KillFixture fixture) : IClassFixture<KillFixture>
{
    private TestCluster Fleet => fixture.Fleet;

    [Theory, MemberData(nameof(Places.OfBackups), MemberType = typeof(Places))]
    public async Task A_backup_outlives_the_silo_that_is_killed(string failpoint)
    {
        var before = await fixture.CountBackupsAsync();
        Fleet.Arm(failpoint);
        using var tool = Fleet.Tool("create", "prod");
        var dead = await Fleet.FallenAsync();
        await dead.EndAsync(60);
        Fleet.Replace(dead);
        var created = (await Ran.OfAsync(tool, $"backup create, a silo killed at {failpoint}")).Expect(0);
        await fixture.AssertBackupAsync(created["backupId"], before + 1);
    }

    [Theory, MemberData(nameof(Places.OfRestores), MemberType = typeof(Places))]
    public async Task A_restore_outlives_the_silo_that_is_killed(string failpoint)
    {
        if (await fixture.CountBackupsAsync() == 0) (await Fleet.ToolAsync("create", "prod")).Expect(0);
        await Fleet.Store.DropAsync("copy");
        Fleet.Arm(failpoint);
        using var tool = Fleet.Tool("restore", "--source", "prod", "--to", "copy");
        var dead = await Fleet.FallenAsync();
        await dead.EndAsync(60);
        Fleet.Replace(dead);
        var restored = (await Ran.OfAsync(tool, $"backup restore, a silo killed at {failpoint}")).Expect(0);
        Assert.Equal(("True", $"{KillFixture.Threads}"), (restored["exact"], restored["threads"]));
        await Fleet.Store.AssertSameAsync("copy");
    }

    [Theory, MemberData(nameof(Places.OfFreezing), MemberType = typeof(Places))]
    public async Task A_frozen_silo_that_thaws_does_a_backup_no_harm(string failpoint)
    {
        var before = await fixture.CountBackupsAsync();
        Fleet.Arm(failpoint);
        using var tool = Fleet.Tool("create", "prod");
        var frozen = await Fleet.FallenAsync();
        var created = (await Ran.OfAsync(tool, $"backup create, a silo frozen at {failpoint}")).Expect(0);
        await frozen.SignalAsync("CONT");
        Fleet.Replace(frozen);
        await frozen.EndAsync(120);
        await fixture.AssertBackupAsync(created["backupId"], before + 1);
    }

    [Fact]
    public async Task A_frozen_silo_that_thaws_does_a_restore_no_harm()
    {
        if (await fixture.CountBackupsAsync() == 0) (await Fleet.ToolAsync("create", "prod")).Expect(0);
        await Fleet.Store.DropAsync("copy");
        Fleet.Arm("restore.window:3:stop");
        using var tool = Fleet.Tool("restore", "--source", "prod", "--to", "copy");
        var frozen = await Fleet.FallenAsync();
        var restored = (await Ran.OfAsync(tool, "backup restore, a silo frozen")).Expect(0);
        await frozen.SignalAsync("CONT");
        Fleet.Replace(frozen);
        await frozen.EndAsync(120);
        Assert.Equal(("True", $"{KillFixture.Threads}"), (restored["exact"], restored["threads"]));
        await Fleet.Store.AssertSameAsync("copy");
    }
}
