using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>Progress as plain lines: one when the state changes, else one in ten seconds at most.</summary>
internal sealed class LineProgress(TextWriter writer, string title, TimeProvider time) : IProgress<RunStatus>
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);
    private readonly Lock gate = new();
    private RunState? state;
    private long written;

    public void Report(RunStatus value)
    {
        lock (gate)
        {
            if (state == value.State && time.GetElapsedTime(written) < Every) return;
            state = value.State;
            written = time.GetTimestamp();
            writer.WriteLine($"{title}: {StatusLine.Of(value)}");
        }
    }
}
