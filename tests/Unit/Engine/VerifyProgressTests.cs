using Backup.Contracts;
using Backup.Engine.Progress;
using Backup.Engine.Verify;

namespace Backup.Tests.Unit.Engine;

public sealed class VerifyProgressTests : IDisposable
{
    private readonly TemporaryArchive temporary = new();

    [Fact]
    public async Task No_more_threads_are_checked_than_were_expected()
    {
        var archive = temporary.Create();
        int[] sizes = [3, 12, 1, 7];
        foreach (var size in sizes) await TemporaryArchive.BackupAsync(archive, Samples.Store(size));
        var seen = new List<RunStatus>();
        var progress = new RunProgress(new() { RunId = "", Store = "", Archive = "" }, TimeProvider.System, seen.Add);
        await new ArchiveVerifier(archive, temporary.LastSeen, TimeProvider.System).RunAsync(new() { Archive = "main", Deep = true }, null, progress, default);
        Assert.All(seen, s => Assert.True(s.Threads <= s.ThreadsExpected || s.ThreadsExpected == 0, $"{s.Threads} of about {s.ThreadsExpected}"));
        Assert.Equal((sizes.Sum(), sizes.Sum(), 4), ((int)seen[^1].Threads, (int)seen[^1].ThreadsExpected, seen[^1].ShardsDone));
    }

    public void Dispose() => temporary.Dispose();
}
