using System.Diagnostics;
using Backup.Hosting.Configuration;
using Backup.Tests.Cluster.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Backup.Tests.Cluster.Fleet;

/// <summary>Silo.Host as operators run it: a process each.</summary>
public sealed class SiloHostTests
{
    [Theory]
    [InlineData("""{"Backup":{"Archives":{}}}""", 2, "Backup:Cluster is missing")]
    [InlineData("""{"Backup":{"Cluster":{"Kind":"localhost","AdvertisedAddress":"192.0.2.7"}}}""", 2, "AdvertisedAddress")]
    [InlineData("""{"Backup":{"Cluster":{"Kind":"localhost","Colour":"red"}}}""", 2, "Backup:Cluster:Colour")]
    [InlineData("""{"Backup":{"Cluster":{"Kind":"localhost","Tls":{"Certificate":"no.pem","Key":"no.key","Authority":"no.pem"}}}}""", 2, "Backup:Cluster:Tls:Authority")]
    [InlineData("""{"Backup":{"Cluster":{"Kind":"redis","ConnectionString":"127.0.0.1:1"},"State":{"ConnectionString":"Host=127.0.0.1;Password=hidden"}}}""", 8, "Backup:Cluster:ConnectionString")]
    public async Task A_wrong_setting_is_named_and_nothing_else_is_said(string configuration, int code, string says)
    {
        await using var silo = new SiloProcess(configuration);
        Assert.Equal(code, await silo.EndAsync(60));
        Assert.StartsWith("error: ", silo.Errors);
        Assert.Contains(says, silo.Errors);
        Assert.Contains("hint: ", silo.Errors);
        Assert.DoesNotContain("   at ", silo.Errors);
        Assert.DoesNotContain("hidden", silo.Errors);
    }

    [Fact]
    public async Task A_silo_leaves_when_asked_and_a_frozen_one_is_left_behind()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        var cluster = TestOptions.NewClusterId();
        BackupOptions[] options = [.. Enumerable.Range(0, 4).Select(_ => TestOptions.Fleet(cluster, database.ConnectionString))];
        await using var here = await TestServer.StartAsync(options[0]);
        await using var second = SiloProcess.Start(options[1]);
        await using var frozen = SiloProcess.Start(options[2]);
        await using var leaving = SiloProcess.Start(options[3]);
        foreach (var silo in new[] { second, frozen, leaving }) await silo.ReadyAsync();
        var membership = here.Services.GetRequiredService<IClusterMembershipService>();
        await Until.TrueAsync("four are there", () => IsActive(4));

        await leaving.SignalAsync("TERM");
        Assert.Equal(0, await leaving.EndAsync(30));
        await Until.TrueAsync("three are left", () => IsActive(3));

        var watch = Stopwatch.StartNew();
        await frozen.SignalAsync("STOP");
        await Until.TrueAsync("two are left", () => IsActive(2), seconds: 60);
        TestContext.Current.SendDiagnosticMessage($"a frozen silo was declared dead after {watch.Elapsed.TotalSeconds:F1} s");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(40), $"took {watch.Elapsed}");

        // Declared dead, it ends itself as soon as it is awake: what it still wanted to do is not done.
        await frozen.SignalAsync("CONT");
        Assert.NotEqual(0, await frozen.EndAsync(30));
        await second.ReadyAsync();

        Task<bool> IsActive(int count) => Task.FromResult(membership.CurrentSnapshot.Members.Values.Count(m => m.Status == SiloStatus.Active) == count);
    }
}
