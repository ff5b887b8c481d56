using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Backup.Contracts;
using Backup.Hosting.Configuration;
using Backup.Tests.Cluster.Security;
using Backup.Tests.Cluster.Support;

namespace Backup.Tests.Cluster.Fleet;

/// <summary>Who is not let in, on a fleet that speaks mutual TLS.</summary>
public sealed class RefusedPeerTests(FleetFixture fleet) : IClassFixture<FleetFixture>
{
    private BackupClusterOptions Silo => fleet.Silos[0].Options.Cluster!;

    [Fact]
    public async Task A_client_without_a_certificate_cannot_call()
    {
        var error = await Assert.ThrowsAsync<BackupException>(() => TestClient.ConnectAsync(TestOptions.Fleet(fleet.ClusterId, fleet.Postgres)));
        Assert.Equal(ErrorKind.Unreachable, error.Kind);
        Assert.Contains("Backup:Cluster:Tls", error.Hint);
    }

    [Fact]
    public async Task A_client_of_another_authority_cannot_call()
    {
        using var other = new TestAuthority();
        var error = await Assert.ThrowsAsync<BackupException>(() => TestClient.ConnectAsync(TestOptions.Fleet(fleet.ClusterId, fleet.Postgres, other.Client())));
        Assert.True(ErrorKind.Usage == error.Kind, error.ToString());
        Assert.Contains("Backup:Cluster:Tls", error.Message);
    }

    [Fact]
    public async Task The_gateway_hangs_up_on_other_authorities_and_expired_certificates()
    {
        using var other = new TestAuthority();
        Assert.False(await IsLetInAsync(Silo.GatewayPort!.Value, other.Silo()));
        Assert.False(await IsLetInAsync(Silo.GatewayPort!.Value, fleet.Authority.Expired()));
        Assert.False(await IsLetInAsync(Silo.GatewayPort!.Value, null));
    }

    [Fact]
    public async Task A_clients_certificate_does_not_make_a_silo()
    {
        Assert.True(await IsLetInAsync(Silo.SiloPort!.Value, fleet.Authority.Silo()));
        Assert.False(await IsLetInAsync(Silo.SiloPort!.Value, fleet.Authority.Client()));
        Assert.False(await IsLetInAsync(Silo.SiloPort!.Value, null));
    }

    [Fact]
    public async Task Plain_text_is_hung_up_on()
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", Silo.GatewayPort!.Value);
        await tcp.GetStream().WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
        Assert.False(await SpeaksAsync(tcp.GetStream()));
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_refused_at_start()
    {
        using var other = new TestAuthority();
        var mixed = new TlsOptions { Certificate = other.Silo().Certificate, Key = other.Silo().Key, Authority = fleet.Authority.AuthorityFile };
        var error = await Assert.ThrowsAsync<BackupException>(() => TestServer.StartAsync(TestOptions.Fleet(fleet.ClusterId, fleet.Postgres, mixed)));
        Assert.Equal(ErrorKind.Usage, error.Kind);
        Assert.Contains("Backup:Cluster:Tls:Certificate", error.Message);
    }

    private static async Task<bool> IsLetInAsync(int port, TlsOptions? certificate)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", port);
        await using var tls = new SslStream(tcp.GetStream());
        var own = certificate is null ? null : X509Certificate2.CreateFromPemFile(certificate.Certificate, certificate.Key);
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "any",
                ClientCertificates = own is null ? null : [own],
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            });
            return await SpeaksAsync(tls);
        }
        catch (Exception error) when (error is IOException or System.Security.Authentication.AuthenticationException)
        {
            return false;
        }
    }

    // A silo greets another one that it lets in. Who is refused is hung up on; a gateway stays silent to who is let in, which fails here.
    private static async Task<bool> SpeaksAsync(Stream stream)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            return await stream.ReadAsync(new byte[64], deadline.Token) > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
