using System.IO.Pipelines;

namespace Backup.Hosting.Security;

/// <summary>A stream as the two pipes a connection speaks on.</summary>
internal sealed class StreamDuplexPipe(Stream stream) : IDuplexPipe
{
    public PipeReader Input { get; } = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024, leaveOpen: true));

    public PipeWriter Output { get; } = PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: 16 * 1024, leaveOpen: true));

    public async ValueTask CompleteAsync()
    {
        await Input.CompleteAsync();
        await Output.CompleteAsync(new ConnectionEndedException()); // nobody is left to take what was not flushed
    }

    private sealed class ConnectionEndedException : IOException;
}
