using Backup.Contracts;
using Backup.Hosting.Configuration;
using Backup.Hosting.Security;

namespace Backup.Tests.Cluster.Security;

public sealed class NodeCertificatesTests
{
    [Fact]
    public void A_renewed_certificate_is_used_without_a_restart()
    {
        using var authority = new TestAuthority();
        var tls = authority.Silo();
        var certificates = new NodeCertificates(tls);
        Assert.Equal("CN=silo", certificates.Current.Certificate.Subject);

        // Halfway through a renewal, with a key of another certificate, the old one stays.
        var key = File.ReadAllText(tls.Key);
        File.WriteAllText(tls.Key, "halfway");
        File.SetLastWriteTimeUtc(tls.Key, new(2040, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal("CN=silo", certificates.Current.Certificate.Subject);

        File.WriteAllText(tls.Key, key);
        authority.Renew(tls);
        File.SetLastWriteTimeUtc(tls.Key, new(2040, 1, 2, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal("CN=renewed", certificates.Current.Certificate.Subject);
    }

    [Fact]
    public void A_file_that_cannot_be_used_is_named_with_its_setting()
    {
        using var authority = new TestAuthority();
        var tls = authority.Silo();
        AssertNamed("Certificate", new() { Certificate = tls.Certificate + ".no", Key = tls.Key, Authority = tls.Authority });
        AssertNamed("Key", new() { Certificate = tls.Certificate, Key = authority.Client().Key, Authority = tls.Authority });
        AssertNamed("Authority", new() { Certificate = tls.Certificate, Key = tls.Key, Authority = tls.Key });
        AssertNamed("Certificate", authority.Expired());
    }

    private static void AssertNamed(string setting, TlsOptions tls)
    {
        var error = Assert.Throws<BackupException>(() => new NodeCertificates(tls).Current);
        Assert.Equal(ErrorKind.Usage, error.Kind);
        Assert.Contains("Backup:Cluster:Tls:" + setting, error.Message);
    }
}
