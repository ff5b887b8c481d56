using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Backup.Hosting.Security;

/// <summary>
/// Whom to believe: certificates signed by the cluster's authority and no other. The authority is the cluster's own,
/// so a name in a certificate says nothing more; what it is for does: a client's certificate does not make a silo.
/// </summary>
internal static class PeerPolicy
{
    private static readonly Oid ServerUse = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientUse = new("1.3.6.1.5.5.7.3.2");

    /// <summary>A peer that may call: a client or a silo.</summary>
    public static X509ChainPolicy Client(X509Certificate2Collection authorities) => Make(authorities, ClientUse);

    /// <summary>A peer that is a silo: it answers and calls.</summary>
    public static X509ChainPolicy Silo(X509Certificate2Collection authorities) => Make(authorities, ServerUse, ClientUse);

    private static X509ChainPolicy Make(X509Certificate2Collection authorities, params Oid[] uses)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // a private authority has no list; a leaked key means a new authority
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);
        foreach (var use in uses) policy.ApplicationPolicy.Add(use);
        return policy;
    }
}
