using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Backup.Hosting.Security;

/// <summary>TLS in which both sides show a certificate of the cluster's authority, under every connection of the cluster.</summary>
internal sealed partial class MutualTls(NodeCertificates certificates, TlsInstruments instruments, TimeProvider time, ILogger<MutualTls> logger)
{
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Why the last server was refused, or null. Orleans may see the connection end before it sees this, and then says only that.</summary>
    public AuthenticationException? RefusedServer { get; private set; }

    /// <summary>The side that was called. A peer that is refused is dropped and logged.</summary>
    /// <param name="context">The connection.</param>
    /// <param name="next">What speaks on it.</param>
    /// <param name="silosOnly">True on the port silos use among themselves.</param>
    public async Task AcceptAsync(ConnectionContext context, ConnectionDelegate next, bool silosOnly)
    {
        await using var stream = Wrap(context);
        var now = certificates.Current;
        try
        {
            using var timeout = new CancellationTokenSource(HandshakeTimeout, time);
            await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = now.Own,
                ClientCertificateRequired = true,
                CertificateChainPolicy = silosOnly ? PeerPolicy.Silo(now.Authorities) : PeerPolicy.Client(now.Authorities),
                RemoteCertificateValidationCallback = (_, _, _, errors) => errors == SslPolicyErrors.None,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            }, timeout.Token);
        }
        catch (Exception error) when (error is AuthenticationException or IOException or OperationCanceledException)
        {
            instruments.Refused("inbound");
            LogRefusedPeer(context.RemoteEndPoint, error.InnerException?.Message ?? error.Message);
            context.Abort();
            return;
        }
        await SpeakAsync(context, stream, next);
    }

    /// <summary>The side that calls. A server that is refused fails the connection.</summary>
    public async Task ConnectAsync(ConnectionContext context, ConnectionDelegate next)
    {
        await using var stream = Wrap(context);
        var now = certificates.Current;
        try
        {
            using var timeout = new CancellationTokenSource(HandshakeTimeout, time);
            await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "backup-cluster",
                ClientCertificateContext = now.Own,
                CertificateChainPolicy = PeerPolicy.Silo(now.Authorities),
                // Silos are found by address, and which of them answers does not matter.
                RemoteCertificateValidationCallback = (_, _, _, errors) => (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            }, timeout.Token);
        }
        catch (Exception error) when (error is AuthenticationException or IOException or OperationCanceledException)
        {
            instruments.Refused("outbound");
            RefusedServer = error as AuthenticationException ?? RefusedServer;
            LogRefusedServer(context.RemoteEndPoint, error.InnerException?.Message ?? error.Message);
            throw;
        }
        await SpeakAsync(context, stream, next);
    }

    private static SslStream Wrap(ConnectionContext context) => new(new DuplexPipeStream(context.Transport), leaveInnerStreamOpen: false);

    private async Task SpeakAsync(ConnectionContext context, SslStream stream, ConnectionDelegate next)
    {
        instruments.Accepted();
        var plain = context.Transport;
        var sealedPipe = new StreamDuplexPipe(stream);
        context.Transport = sealedPipe;
        try
        {
            await next(context);
        }
        finally
        {
            await sealedPipe.CompleteAsync();
            context.Transport = plain;
        }
    }
}
