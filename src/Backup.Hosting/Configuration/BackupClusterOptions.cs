using System.Net;

namespace Backup.Hosting.Configuration;

/// <summary>The cluster a client joins and a silo belongs to.</summary>
public sealed class BackupClusterOptions
{
    /// <summary>One <c>Silo.Host</c> on this machine, no servers.</summary>
    public const string Localhost = "localhost";
    /// <summary>A fleet that finds itself through Redis.</summary>
    public const string Redis = "redis";

    /// <summary><see cref="Localhost"/> or <see cref="Redis"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>How to reach Redis. A secret: never printed. Empty for localhost.</summary>
    public string ConnectionString { get; init; } = "";

    /// <summary>Silos and clients of one cluster have the same.</summary>
    public string ClusterId { get; init; } = "backup";

    /// <summary>Part of every stored row of the cluster: never changed in the cluster's life.</summary>
    public string ServiceId { get; init; } = "backup";

    /// <summary>Port silos talk to each other on, or null for the usual one.</summary>
    public int? SiloPort { get; init; }

    /// <summary>Port clients talk to a silo on, or null for the usual one.</summary>
    public int? GatewayPort { get; init; }

    /// <summary>Address others reach this silo by; the loopback address unless set.</summary>
    public IPAddress AdvertisedAddress { get; init; } = IPAddress.Loopback;

    /// <summary>True when connections between machines are left open on purpose.</summary>
    public bool Insecure { get; init; }

    /// <summary>Certificates of mutual TLS, or null.</summary>
    public TlsOptions? Tls { get; init; }

    internal static BackupClusterOptions Read(SettingsSection section)
    {
        var kind = section.Choice("Kind", Localhost, Redis);
        var options = new BackupClusterOptions
        {
            Kind = kind ?? "",
            ConnectionString = kind switch
            {
                Localhost => "",
                Redis => section.Required("ConnectionString", "how to reach Redis, like \"redis:6379\""),
                _ => section.Text("ConnectionString") ?? "",
            },
            ClusterId = section.Text("ClusterId") ?? "backup",
            ServiceId = section.Text("ServiceId") ?? "backup",
            SiloPort = section.Number("SiloPort", 1, 65535),
            GatewayPort = section.Number("GatewayPort", 1, 65535),
            AdvertisedAddress = ReadAddress(section),
            Insecure = section.Flag("Insecure"),
            Tls = section.Child("Tls") is { } tls ? TlsOptions.Read(tls) : null,
        };
        if (options is { Tls: not null, Insecure: true }) section.Problem("says both Tls and Insecure: keep one");
        if (options is { Tls: null, Insecure: false } && !IPAddress.IsLoopback(options.AdvertisedAddress))
            section.Problem($"AdvertisedAddress {options.AdvertisedAddress} is open to other machines: set Tls with Certificate, Key and Authority, or \"Insecure\": true if the network itself is private");
        section.RefuseUnknown();
        return options;
    }

    private static IPAddress ReadAddress(SettingsSection section)
    {
        var text = section.Text("AdvertisedAddress");
        if (text is null or "localhost") return IPAddress.Loopback;
        if (IPAddress.TryParse(text, out var address)) return address;
        section.Problem($"AdvertisedAddress must be an IP address, not '{text}'");
        return IPAddress.Loopback;
    }
}
