using System.Diagnostics.Metrics;

namespace Backup.Hosting.Security;

/// <summary>Counts the cluster's TLS handshakes.</summary>
internal sealed class TlsInstruments
{
    private readonly Counter<long> accepted;
    private readonly Counter<long> refused;

    public TlsInstruments(IMeterFactory meters)
    {
        var meter = meters.Create("Backup.Hosting");
        accepted = meter.CreateCounter<long>("backup.cluster.tls.accepted", "{connection}", "Connections whose peer showed a good certificate.");
        refused = meter.CreateCounter<long>("backup.cluster.tls.refused", "{connection}", "Connections refused for the peer's certificate, or its lack.");
    }

    public void Accepted() => accepted.Add(1);

    public void Refused(string direction) => refused.Add(1, new KeyValuePair<string, object?>("direction", direction));
}
