using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Backup.Tests.EndToEnd.Support;

/// <summary>A Redis that speaks TLS only, with a certificate of an authority of its own and one user.</summary>
internal sealed class TlsRedis : IDisposable
{
    private readonly Process process;

    private TlsRedis(Process process, string authority, int port) => (this.process, Authority, ConnectionString) = (process, authority, $"127.0.0.1:{port},ssl=true,sslHost=redis.test,user=backup,password=secret,connectTimeout=3000,connectRetry=1");

    /// <summary>File with the authority's certificate.</summary>
    public string Authority { get; }

    public string ConnectionString { get; }

    public static async Task<TlsRedis> StartAsync(string folder)
    {
        string File(string name) => Path.Combine(folder, name);
        var (from, to) = (TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        using ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256), serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=authority", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = authority.CreateSelfSigned(from, to);
        var request = new CertificateRequest("CN=redis.test", serverKey, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("redis.test");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(root, from, to, [1, 2, 3]);
        await System.IO.File.WriteAllTextAsync(File("ca.pem"), root.ExportCertificatePem());
        await System.IO.File.WriteAllTextAsync(File("redis.pem"), certificate.ExportCertificatePem());
        await System.IO.File.WriteAllTextAsync(File("redis.key"), serverKey.ExportPkcs8PrivateKeyPem());

        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        string[] arguments = ["--port", "0", "--tls-port", $"{port}", "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--logfile", File("redis.log"), "--tls-cert-file", File("redis.pem"), "--tls-key-file", File("redis.key"), "--tls-ca-cert-file", File("ca.pem"),
            "--tls-auth-clients", "no", "--user", "default", "off", "--user", "backup", "on", ">secret", $"~{Path.GetFileName(folder)}:*", "+@read", "+@write", "+@scripting", "+@connection", "+info", "+time", "+multi", "+exec"];
        var server = new TlsRedis(Process.Start(new ProcessStartInfo("redis-server", arguments))!, File("ca.pem"), port);
        while (true)
        {
            if (server.process.HasExited) Assert.Fail(await System.IO.File.ReadAllTextAsync(File("redis.log")));
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, port);
                return server;
            }
            catch (SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            }
        }
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }
}
