using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Backup.Tests.StoreSuite.Support;

/// <summary>What happens to a request on its way to a server.</summary>
internal enum Fault { None, SlowDown, CutAnswer, LoseAnswer }

/// <summary>A proxy in front of the S3 server that has a test decide over each request. A connection serves one.</summary>
internal sealed class FaultyProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Func<string, string, Fault> decide;
    private readonly Task serving;
    private int faults;

    /// <param name="decide">Method and path with query to what happens.</param>
    public FaultyProxy(Func<string, string, Fault> decide)
    {
        this.decide = decide;
        listener.Start();
        Address = new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>How many requests met with a fault.</summary>
    public int Faults => faults;

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await listener.AcceptTcpClientAsync();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return;
            }
            _ = Task.Run(() => AnswerAsync(client));
        }
    }

    private async Task AnswerAsync(TcpClient accepted)
    {
        using var client = accepted;
        try
        {
            var from = client.GetStream();
            var head = await ReadHeadAsync(from);
            if (head.Contains("100-continue", StringComparison.OrdinalIgnoreCase)) await from.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray());
            var body = new byte[Length(head)];
            await from.ReadExactlyAsync(body);
            var fault = head.Split(' ') is [var method, var path, ..] ? decide(method, path) : Fault.None;
            if (fault != Fault.None) Interlocked.Increment(ref faults);
            if (fault == Fault.SlowDown)
            {
                await from.WriteAsync("HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: 42\r\nConnection: close\r\n\r\n<Error><Code>SlowDown</Code></Error>      "u8.ToArray());
                return;
            }
            using var server = new TcpClient();
            await server.ConnectAsync(S3UnderTest.Address.Host, S3UnderTest.Address.Port);
            var to = server.GetStream();
            // What the signature covers stays as it is.
            var lines = head.Split("\r\n").Where(l => !l.StartsWith("Connection:", StringComparison.OrdinalIgnoreCase) && !l.StartsWith("Expect:", StringComparison.OrdinalIgnoreCase));
            await to.WriteAsync(Encoding.ASCII.GetBytes(string.Join("\r\n", lines.Where(l => l.Length > 0)) + "\r\nConnection: close\r\n\r\n"));
            await to.WriteAsync(body);
            var answer = new MemoryStream();
            await to.CopyToAsync(answer);
            if (fault == Fault.LoseAnswer) return;
            await from.WriteAsync(answer.GetBuffer().AsMemory(0, (int)(fault == Fault.CutAnswer ? answer.Length - (answer.Length / 4) : answer.Length)));
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            // Either side has gone.
        }
    }

    private static async Task<string> ReadHeadAsync(NetworkStream from)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (!(head.Count >= 4 && head[^1] == '\n' && head[^2] == '\r' && head[^3] == '\n'))
        {
            await from.ReadExactlyAsync(one);
            head.Add(one[0]);
        }
        return Encoding.ASCII.GetString(head.ToArray());
    }

    private static int Length(string head) =>
        head.Split("\r\n").FirstOrDefault(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) is { } line ? int.Parse(line.AsSpan(15), CultureInfo.InvariantCulture) : 0;
}
