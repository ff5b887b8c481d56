namespace Backup.Hosting.Configuration;

/// <summary>The server's HTTP side: health, and the dashboard behind a token.</summary>
public sealed class HttpOptions
{
    /// <summary>What the server listens on.</summary>
    public string Url { get; init; } = "http://127.0.0.1:8080";

    /// <summary>The token operators sign in with, or null: what needs a token is then closed. A secret: never printed.</summary>
    public string? Token { get; init; }

    internal static HttpOptions Read(SettingsSection section)
    {
        var url = section.Text("Url");
        if (url is not null && !(Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"))
            section.Problem($"Url must be like http://127.0.0.1:8080, not '{url}'");
        var options = new HttpOptions { Url = url ?? "http://127.0.0.1:8080", Token = section.Text("Token") };
        section.RefuseUnknown();
        return options;
    }
}
