using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>A list of threads of any length, written as it comes; ids last, because they have any length.</summary>
internal sealed class ThreadLines(TextWriter writer)
{
    private long threads;
    private long bytes;

    public void Add(ThreadView thread)
    {
        if (threads == 0) Line("CHECKPOINTS", "WRITES", "SIZE", "THREAD");
        threads++;
        bytes += thread.RawBytes;
        Line(Human.Count(thread.Checkpoints), Human.Count(thread.Writes), Human.Size(thread.RawBytes), Plain.Text(thread.ThreadId));
    }

    public void Total() => writer.WriteLine(threads == 0 ? "no threads" : $"{Human.Count(threads, "thread")}, {Human.Size(bytes)}");

    private void Line(string checkpoints, string writes, string size, string id) => writer.WriteLine($"{checkpoints,11}  {writes,9}  {size,8}  {id}");
}
