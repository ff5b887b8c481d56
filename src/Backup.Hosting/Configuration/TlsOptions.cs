namespace Backup.Hosting.Configuration;

/// <summary>Certificates for mutual TLS between silos and clients, as PEM files.</summary>
public sealed class TlsOptions
{
    /// <summary>Full path of this node's certificate.</summary>
    public required string Certificate { get; init; }

    /// <summary>Full path of its private key.</summary>
    public required string Key { get; init; }

    /// <summary>Full path of the authority's certificate that every peer must be signed by.</summary>
    public required string Authority { get; init; }

    internal static TlsOptions Read(SettingsSection section)
    {
        var options = new TlsOptions
        {
            Certificate = section.RequiredPath("Certificate", "the PEM file of this node's certificate"),
            Key = section.RequiredPath("Key", "the PEM file of its private key"),
            Authority = section.RequiredPath("Authority", "the PEM file of the authority that signed every node's certificate"),
        };
        section.RefuseUnknown();
        return options;
    }
}
