using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Backup.Contracts;
using Backup.Hosting.Configuration;

namespace Backup.Hosting.Security;

/// <summary>The node's certificate and its authority, read again when the files change: certificates are renewed without a restart.</summary>
internal sealed class NodeCertificates(TlsOptions options)
{
    private readonly Lock gate = new();
    private Loaded? loaded;

    /// <summary>What to show and whom to believe, as the files have it now.</summary>
    /// <exception cref="BackupException">A file cannot be read; only when no earlier state of it could.</exception>
    public Loaded Current
    {
        get
        {
            lock (gate)
            {
                var stamp = (Stamp(options.Certificate), Stamp(options.Key), Stamp(options.Authority));
                if (loaded is not null && loaded.Stamp == stamp) return loaded;
                try
                {
                    return loaded = Load(stamp);
                }
                catch (BackupException) when (loaded is not null)
                {
                    return loaded; // halfway through a renewal
                }
            }
        }
    }

    private Loaded Load((DateTime, DateTime, DateTime) stamp)
    {
        var authorities = Read("Authority", options.Authority, path =>
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(path);
            return all.Count > 0 ? all : throw new CryptographicException("there is no certificate in it");
        });
        var own = Read("Certificate", options.Certificate, path => X509CertificateLoader.LoadCertificateFromFile(path));
        using (own)
        {
            var whole = Read("Key", options.Key, path => X509Certificate2.CreateFromPemFile(options.Certificate, path));
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(options.Certificate);
            using var check = new X509Chain { ChainPolicy = PeerPolicy.Client(authorities) };
            check.ChainPolicy.ExtraStore.AddRange(chain);
            if (!check.Build(whole))
                throw Wrong("Certificate", options.Certificate, string.Join(" ", check.ChainStatus.Select(s => s.StatusInformation.Trim())), null);
            return new(SslStreamCertificateContext.Create(whole, chain, offline: true), whole, authorities, stamp);
        }
    }

    private static T Read<T>(string setting, string path, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Wrong(setting, path, error.Message, error);
        }
    }

    private static BackupException Wrong(string setting, string path, string why, Exception? inner) => new(ErrorKind.Usage,
        $"configuration: Backup:Cluster:Tls:{setting} {path} cannot be used: {why}",
        "Certificate and Key are PEM files of this node, signed by Authority for client authentication, and for server authentication on a silo.", inner);

    private static DateTime Stamp(string path) => File.GetLastWriteTimeUtc(path);

    /// <summary>One state of the files.</summary>
    public sealed record Loaded(
        SslStreamCertificateContext Own, X509Certificate2 Certificate, X509Certificate2Collection Authorities, (DateTime, DateTime, DateTime) Stamp);
}
