using System.Net;
using Backup.Contracts;
using Microsoft.AspNetCore.Connections;

namespace Backup.Hosting.Security;

/// <summary>Without TLS, and without the word that this is meant, nothing is said to another machine.</summary>
internal static class LoopbackOnly
{
    public static Task ConnectAsync(ConnectionContext context, ConnectionDelegate next) =>
        context.RemoteEndPoint is not IPEndPoint { Address: var address } || IPAddress.IsLoopback(address)
            ? next(context)
            : throw new BackupException(ErrorKind.Usage, $"configuration: the silo at {context.RemoteEndPoint} is on another machine, and the connection would not be protected",
                "Set Backup:Cluster:Tls with Certificate, Key and Authority, or Backup:Cluster:Insecure to true if the network itself is private.");
}
