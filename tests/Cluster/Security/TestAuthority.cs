using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Backup.Hosting.Configuration;
using Backup.Tests.Cluster.Support;

namespace Backup.Tests.Cluster.Security;

/// <summary>An authority that signs certificates into PEM files.</summary>
public sealed class TestAuthority : IDisposable
{
    private static readonly Oid ServerUse = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientUse = new("1.3.6.1.5.5.7.3.2");
    private readonly TestFolder folder = new();
    private readonly X509Certificate2 root;

    public TestAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=cluster authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        File.WriteAllText(AuthorityFile, root.ExportCertificatePem());
    }

    public string AuthorityFile => Path.Combine(folder.Path, "authority.pem");

    public TlsOptions Silo() => Sign("silo", DateTimeOffset.UtcNow.AddDays(7), ServerUse, ClientUse);

    /// <summary>A silo's certificate of another name in the same files.</summary>
    public TlsOptions Renew(TlsOptions old)
    {
        var renewed = Sign("renewed", DateTimeOffset.UtcNow.AddDays(9), ServerUse, ClientUse);
        File.Copy(renewed.Certificate, old.Certificate, overwrite: true);
        File.Copy(renewed.Key, old.Key, overwrite: true);
        return old;
    }

    public TlsOptions Client() => Sign("client", DateTimeOffset.UtcNow.AddDays(7), ClientUse);

    public TlsOptions Expired() => Sign("expired", DateTimeOffset.UtcNow.AddMinutes(-1), ServerUse, ClientUse);

    public void Dispose()
    {
        root.Dispose();
        folder.Dispose();
    }

    private TlsOptions Sign(string name, DateTimeOffset end, params Oid[] uses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. uses], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(root, DateTimeOffset.UtcNow.AddHours(-1), end, Contracts.Randomness.Bytes(8));
        var files = (Certificate: Path.Combine(folder.Path, name + ".pem"), Key: Path.Combine(folder.Path, name + ".key"));
        File.WriteAllText(files.Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(files.Key, key.ExportPkcs8PrivateKeyPem());
        return new() { Certificate = files.Certificate, Key = files.Key, Authority = AuthorityFile };
    }
}
