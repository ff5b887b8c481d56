using Backup.Cli.Output;
using Backup.Tests.Tool.Surface;

namespace Backup.Tests.Tool.Output;

public sealed class DemoTests : IDisposable
{
    private static readonly DemoSummary Summary = new()
    {
        Exact = true, BackupId = "b", Threads = 300, Checkpoints = 4200, Records = 21_000, RawBytes = 96_000_000, StoredBytes = 3_100_000, FillSeconds = 4.2,
        BackupSeconds = 0.61, ThreadsAfterLoss = 0, RestoreSeconds = 1.3, ThreadsRestored = 300, OneThread = "support-[42]", OneThreadSeconds = 0.04,
        OneThreadBytesRead = 48_000, OneThreadReads = 4, VerifySeconds = 0.3, VerifyBytesRead = 3_100_000, Findings = 0, Seconds = 6.9,
    };

    private readonly ToolRun tool = new();

    public void Dispose() => tool.Dispose();

    [Fact]
    public async Task The_summary_tells_the_story_and_needs_no_configuration()
    {
        tool.Demo = async (_, steps, _) => (await steps.RunAsync("making 300 threads", _ => Task.FromResult(Summary))).Result;
        Assert.Equal(0, await tool.RunBareAsync("demo"));
        Assert.Contains("… making 300 threads", tool.Error);
        foreach (var part in new[] { "31.0 × smaller", "support-[42] beside it: 48.0 kB of the archive in 4 reads", "exact: all 300 threads" }) Assert.Contains(part, tool.Out);
        Assert.DoesNotContain('\u001b', tool.Out);
        Assert.Equal(0, await tool.RunBareAsync("demo", "--json"));
        Assert.True(tool.Json.GetProperty("exact").GetBoolean());
    }

    [Fact]
    public async Task A_demonstration_that_is_not_exact_says_so()
    {
        tool.Demo = (_, _, _) => Task.FromResult(Summary with { Exact = false });
        Assert.Equal(6, await tool.RunBareAsync("demo"));
        Assert.Contains("NOT exact", tool.Out);
    }
}
