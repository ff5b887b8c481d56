using System.Net.Http.Headers;
using System.Text;
using Backup.Tests.Cluster.Support;

namespace Backup.Tests.Cluster.Security;

public sealed class DashboardTests
{
    private const string Token = "a t0ken: with a colon";

    [Fact]
    public async Task The_dashboard_opens_for_the_token_only()
    {
        using var folder = new TestFolder();
        await using var server = await TestServer.StartAsync(TestOptions.Localhost(new() { Folder = folder.Path }, Token));

        using var asked = await server.Http.GetAsync("/dashboard/");
        Assert.Equal(401, (int)asked.StatusCode);
        Assert.StartsWith("Basic", asked.Headers.WwwAuthenticate.ToString());
        Assert.Equal(401, await StatusAsync(server, "/dashboard/", Basic("wrong")));
        Assert.Equal(401, await StatusAsync(server, "/dashboard/DashboardCounters", Basic("")));
        Assert.Equal(401, await StatusAsync(server, "/dashboard/", new("Basic", "not base64")));
        Assert.Equal(401, await StatusAsync(server, "/dashboard/", new("Bearer", Token + "x")));

        Assert.Equal(200, await StatusAsync(server, "/dashboard/", Basic(Token)));
        Assert.Equal(200, await StatusAsync(server, "/dashboard/DashboardCounters", new("Bearer", Token)));
        Assert.Equal(403, await StatusAsync(server, "/dashboard/Trace", Basic(Token)));
        Assert.Equal((200, "Healthy\n"), await server.GetAsync("/health/ready"));
    }

    [Fact]
    public async Task Over_https_it_shows_the_nodes_certificate()
    {
        using var folder = new TestFolder();
        using var authority = new TestAuthority();
        var plain = TestOptions.Localhost(new() { Folder = folder.Path }, Token);
        var port = new Uri(plain.Http.Url).Port;
        await using var server = await TestServer.StartAsync(new()
        {
            StateFolder = folder.Path,
            State = plain.State,
            Cluster = new() { Kind = "localhost", SiloPort = plain.Cluster!.SiloPort, GatewayPort = plain.Cluster.GatewayPort, Tls = authority.Silo() },
            Http = new() { Url = $"https://127.0.0.1:{port}", Token = Token },
        });
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new()
        {
            TrustMode = System.Security.Cryptography.X509Certificates.X509ChainTrustMode.CustomRootTrust,
            RevocationMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck,
            CustomTrustStore = { System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificateFromFile(authority.AuthorityFile) },
        };
        using var http = new HttpClient(handler) { BaseAddress = new(server.Options.Http.Url) };
        http.DefaultRequestHeaders.Authorization = Basic(Token);
        Assert.Equal(System.Net.HttpStatusCode.OK, (await http.GetAsync("/dashboard/")).StatusCode);
        await Assert.ThrowsAsync<HttpRequestException>(() => server.Http.GetAsync("/dashboard/")); // which trusts public authorities
    }

    [Fact]
    public async Task Without_a_token_there_is_no_dashboard()
    {
        using var folder = new TestFolder();
        await using var server = await TestServer.StartAsync(TestOptions.Localhost(new() { Folder = folder.Path }));
        Assert.Equal(404, (await server.GetAsync("/dashboard/")).Status);
        Assert.Equal(404, (await server.GetAsync("/dashboard/DashboardCounters")).Status);
    }

    private static AuthenticationHeaderValue Basic(string password) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("anybody:" + password)));

    private static async Task<int> StatusAsync(TestServer server, string path, AuthenticationHeaderValue credentials)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = credentials } };
        using var response = await server.Http.SendAsync(request);
        return (int)response.StatusCode;
    }
}
