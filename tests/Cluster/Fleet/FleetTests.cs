using Backup.Abstractions;
using Backup.Contracts;
using Backup.Tests.Cluster.Grains;
using Backup.Tests.Cluster.Support;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Placement;

namespace Backup.Tests.Cluster.Fleet;

public sealed class FleetTests(FleetFixture fleet) : IClassFixture<FleetFixture>
{
    [Fact]
    public async Task Three_silos_form_one_cluster_and_are_ready()
    {
        foreach (var silo in fleet.Silos)
        {
            var membership = silo.Services.GetRequiredService<IClusterMembershipService>();
            await Until.TrueAsync("every silo sees three", () => Task.FromResult(
                membership.CurrentSnapshot.Members.Values.Count(m => m.Status == SiloStatus.Active) == 3));
            Assert.Equal((200, "Healthy\n"), await silo.GetAsync("/health/ready"));
            Assert.Equal(200, (await silo.GetAsync("/health/live")).Status);
        }
    }

    [Fact]
    public async Task A_grain_is_one_wherever_it_is_called_from()
    {
        foreach (var target in fleet.Silos)
        {
            // Placed on one silo by the hint, called through all.
            var key = GrainKeys.Single(Randomness.Token(12));
            var address = target.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
            RequestContext.Set(IPlacementDirector.PlacementHintKey, address);
            await fleet.Silos[0].Grains.GetGrain<INoteGrain>(key).Write("here");
            RequestContext.Clear();
            foreach (var silo in fleet.Silos)
            {
                Assert.Equal(address.ToParsableString(), await silo.Grains.GetGrain<INoteGrain>(key).Where());
                Assert.Equal("here", await silo.Grains.GetGrain<INoteGrain>(key).Read());
            }
        }
    }

    [Fact]
    public async Task A_client_with_a_client_certificate_calls()
    {
        await using var client = await TestClient.ConnectAsync(TestOptions.Fleet(fleet.ClusterId, fleet.Postgres, fleet.Authority.Client()));
        var grain = client.Grains.GetGrain<INoteGrain>(GrainKeys.Single(Randomness.Token(12)));
        var text = new string('x', 300_000); // many TLS records and more than one read of the pipe
        await grain.Write(text);
        Assert.Equal(text, await grain.Read());
        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => grain.Where()));
    }
}
