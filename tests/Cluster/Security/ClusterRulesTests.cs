using System.Net;
using Backup.Contracts;
using Backup.Hosting;
using Backup.Hosting.Configuration;
using Backup.Hosting.Security;
using Backup.Tests.Cluster.Support;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;

namespace Backup.Tests.Cluster.Security;

/// <summary>What is refused before anything listens.</summary>
public sealed class ClusterRulesTests
{
    private static readonly IPAddress Public = IPAddress.Parse("192.0.2.7");
    private static readonly TlsOptions Tls = new() { Certificate = "c", Key = "k", Authority = "a" };

    [Fact]
    public void A_silo_open_to_others_needs_tls_or_the_word_insecure()
    {
        var error = Refused(new() { Kind = "localhost", AdvertisedAddress = Public });
        Assert.Contains("Backup:Cluster:AdvertisedAddress", error.Message);
        Assert.Contains("Backup:Cluster:Tls", error.Hint);
        Assert.Contains("Backup:Cluster:Insecure", error.Hint);
        Accepted(new() { Kind = "localhost", AdvertisedAddress = Public, Insecure = true });
        Accepted(new() { Kind = "localhost", AdvertisedAddress = Public, Tls = Tls });
        Accepted(new() { Kind = "localhost" });
    }

    [Fact]
    public void Both_is_neither() =>
        Assert.Contains("Insecure", Refused(new() { Kind = "localhost", Insecure = true, Tls = Tls }).Message);

    [Fact]
    public void A_fleet_needs_its_database() =>
        Assert.Contains("Backup:State:ConnectionString", Refused(new() { Kind = "redis", ConnectionString = "redis:6379" }).Message);

    [Fact]
    public void A_silo_needs_a_cluster() => Assert.Contains("Backup:Cluster is missing", Refused(null).Message);

    [Fact]
    public void The_token_does_not_cross_the_network_in_clear()
    {
        var http = new HttpOptions { Url = "http://192.0.2.7:8080", Token = "t" };
        var error = Refused(new() { Kind = "localhost" }, http);
        Assert.Contains("Backup:Http:Url", error.Message);
        Assert.DoesNotContain(" t ", error.Message);
        Accepted(new() { Kind = "localhost", Insecure = true }, http);
        Accepted(new() { Kind = "localhost" }, new() { Url = "http://192.0.2.7:8080" });
        Assert.Contains("https", Refused(new() { Kind = "localhost" }, new() { Url = "https://127.0.0.1:8443" }).Message);
    }

    [Fact]
    public async Task Without_tls_nothing_is_said_to_another_machine()
    {
        var said = false;
        ConnectionDelegate speak = _ =>
        {
            said = true;
            return Task.CompletedTask;
        };
        var error = await Assert.ThrowsAsync<BackupException>(() => LoopbackOnly.ConnectAsync(To(Public), speak));
        Assert.Contains("Backup:Cluster:Tls", error.Hint);
        Assert.False(said);
        await LoopbackOnly.ConnectAsync(To(IPAddress.Loopback), speak);
        Assert.True(said);

        static ConnectionContext To(IPAddress address) => new DefaultConnectionContext { RemoteEndPoint = new IPEndPoint(address, 30000) };
    }

    [Fact]
    public async Task A_client_without_a_silo_is_told_where_it_looked()
    {
        var options = TestOptions.Localhost(new());
        var error = await Assert.ThrowsAsync<BackupException>(() => TestClient.ConnectAsync(options));
        Assert.Equal(ErrorKind.Unreachable, error.Kind);
        Assert.Contains($"127.0.0.1:{options.Cluster!.GatewayPort}", error.Message);
    }

    private static BackupException Refused(BackupClusterOptions? cluster, HttpOptions? http = null)
    {
        var error = Assert.Throws<BackupException>(() => Accepted(cluster, http));
        Assert.Equal(ErrorKind.Usage, error.Kind);
        Assert.NotNull(error.Hint);
        return error;
    }

    private static void Accepted(BackupClusterOptions? cluster, HttpOptions? http = null) => Host.CreateApplicationBuilder()
        .AddBackupSilo(new() { StateFolder = "/nowhere", Cluster = cluster, Http = http ?? new() });
}
