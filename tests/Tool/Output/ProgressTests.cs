using Backup.Cli.Output;
using Backup.Contracts;
using Backup.Engine.Progress;
using Microsoft.Extensions.Time.Testing;

namespace Backup.Tests.Tool.Output;

public sealed class ProgressTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly RunStatus status = new() { RunId = "r", Store = "prod", Archive = "main", State = RunState.Capturing, Updated = Start, Advanced = Start };

    [Fact]
    public void Lines_come_on_a_change_of_state_and_else_every_ten_seconds()
    {
        var (writer, time) = (new StringWriter(), new FakeTimeProvider());
        var progress = new LineProgress(writer, "backup of prod", time);
        for (var i = 1; i <= 25; i++)
        {
            progress.Report(status with { Threads = i });
            time.Advance(TimeSpan.FromSeconds(1));
        }
        progress.Report(status with { State = RunState.Sealing });
        var lines = writer.ToString().Trim().Split(writer.NewLine);
        Assert.Equal(["backup of prod: capturing, 1 thread", "backup of prod: capturing, 11 threads", "backup of prod: capturing, 21 threads", "backup of prod: sealing"], lines);
    }

    [Fact]
    public void A_run_that_ended_stays_as_it_ended()
    {
        var time = new FakeTimeProvider(Start);
        var progress = new RunProgress(status, time);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((Start.AddMinutes(1), Start), (progress.Snapshot().Updated, progress.Snapshot().Advanced));
        progress.Finish(null, null);
        time.Advance(TimeSpan.FromHours(1));
        progress.Enter(RunState.Cancelling);
        Assert.Equal((Start.AddMinutes(1), Start.AddMinutes(1)), (progress.Snapshot().Updated, progress.Snapshot().Advanced));
    }

    [Fact]
    public void A_run_that_stands_still_is_said_to()
    {
        Assert.DoesNotContain("no advance", StatusLine.Of(status with { Updated = Start.AddSeconds(59) }));
        Assert.Contains("no advance for 3 min 20 s", StatusLine.Of(status with { Updated = Start.AddSeconds(200) }));
        Assert.DoesNotContain("no advance", StatusLine.Of(status with { State = RunState.Done, Updated = Start.AddHours(1) }));
    }
}
