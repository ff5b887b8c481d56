using Backup.Hosting.Security;

namespace Backup.Hosting.Starting;

/// <summary>The node's certificate can be read and is of the cluster's authority.</summary>
internal sealed class CertificateCheck(NodeCertificates certificates) : IStartCheck
{
    public Task CheckAsync(CancellationToken cancellation)
    {
        _ = certificates.Current;
        return Task.CompletedTask;
    }
}
