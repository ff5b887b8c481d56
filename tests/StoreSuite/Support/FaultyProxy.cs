using System.Net;

namespace Backup.Tests.StoreSuite.Support;

/// <summary>What happens to a request on its way to a server.</summary>
internal enum Fault { None, SlowDown, CutAnswer, LoseAnswer }

/// <summary>A proxy in front of the S3 server that has a test decide over each request.</summary>
internal sealed class FaultyProxy : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private readonly Func<string, string, Fault> decide;
    private readonly Task serving;

    /// <param name="decide">Method and path with query to what happens.</param>
    public FaultyProxy(Func<string, string, Fault> decide)
    {
        this.decide = decide;
        using var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        free.Start();
        Address = new($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
        free.Stop();
        listener.Prefixes.Add(Address.ToString());
        listener.Start();
        serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>How many requests met with a fault.</summary>
    public int Faults { get; private set; }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving;
        ((IDisposable)listener).Dispose();
        client.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            _ = Task.Run(() => AnswerAsync(context));
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        var (request, response) = (context.Request, context.Response);
        try
        {
            var body = new MemoryStream();
            await request.InputStream.CopyToAsync(body);
            var fault = decide(request.HttpMethod, request.RawUrl!);
            if (fault != Fault.None) lock (listener) Faults++;
            if (fault == Fault.SlowDown)
            {
                response.StatusCode = 503;
                response.ContentType = "application/xml";
                await response.OutputStream.WriteAsync("<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"u8.ToArray());
                response.Close();
                return;
            }
            using var onward = new HttpRequestMessage(new(request.HttpMethod), new Uri(S3UnderTest.Address.GetLeftPart(UriPartial.Authority) + request.RawUrl));
            if (request.HttpMethod is "PUT" or "POST") onward.Content = new ByteArrayContent(body.ToArray());
            foreach (string name in request.Headers)
                if (name is not ("Connection" or "Expect" or "Content-Length" or "Transfer-Encoding") && !onward.Headers.TryAddWithoutValidation(name, request.Headers[name]))
                    onward.Content?.Headers.TryAddWithoutValidation(name, request.Headers[name]);
            using var answer = await client.SendAsync(onward);
            var bytes = await answer.Content.ReadAsByteArrayAsync();
            if (fault == Fault.LoseAnswer)
            {
                response.Abort();
                return;
            }
            response.StatusCode = (int)answer.StatusCode;
            foreach (var header in answer.Headers.Concat(answer.Content.Headers))
                if (header.Key is not ("Content-Length" or "Transfer-Encoding" or "Connection" or "Keep-Alive" or "Accept-Ranges")) response.Headers[header.Key] = string.Join(",", header.Value);
            if (request.HttpMethod != "HEAD") response.ContentLength64 = bytes.Length;
            if (fault == Fault.CutAnswer && bytes.Length > 1)
            {
                await response.OutputStream.WriteAsync(bytes.AsMemory(0, bytes.Length / 2));
                await response.OutputStream.FlushAsync();
                response.Abort();
                return;
            }
            await response.OutputStream.WriteAsync(bytes);
            response.Close();
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or IOException or HttpRequestException)
        {
            response.Abort();
        }
    }
}
