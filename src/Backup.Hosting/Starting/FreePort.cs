using System.Net;
using System.Net.Sockets;
using Backup.Contracts;

namespace Backup.Hosting.Starting;

/// <summary>Tries a port before anything relies on it, so that the error names the setting.</summary>
internal static class FreePort
{
    public static void Require(IPAddress address, int port, string setting)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen();
        }
        catch (SocketException error)
        {
            throw new BackupException(error.SocketErrorCode == SocketError.AddressAlreadyInUse ? ErrorKind.Conflict : ErrorKind.Usage,
                $"cannot listen on {address}:{port} ({setting}): {error.Message}", $"If a silo runs here already, stop it or set {setting} to another port.", error);
        }
    }
}
