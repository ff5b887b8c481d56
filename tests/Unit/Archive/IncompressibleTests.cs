using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Engine.Catalog;
using Backup.Tests.Unit.Engine;

namespace Backup.Tests.Unit.Archive;

/// <summary>Data that does not compress costs at most one per cent more than it is, everything an archive adds included.</summary>
public sealed class IncompressibleTests : IDisposable
{
    private readonly TemporaryArchive temporary = new();

    [Theory]
    [InlineData(400, 50_000)]    // threads that share frames
    [InlineData(3, 6_000_000)]   // threads with frames of their own
    public async Task Random_bytes_cost_at_most_one_per_cent(int threads, int bytes)
    {
        var store = new DictionaryStore();
        var record = new RecordBuffer();
        var random = new Random(1);
        for (var i = 0; i < threads; i++)
        {
            var noise = new byte[bytes];
            random.NextBytes(noise);
            new ChannelBlob { Namespace = "", Channel = "c", Version = "1", Type = "bytes", Value = noise }.Encode(record);
            store.Put(UnitId.Thread($"{i}"), record);
        }
        var archive = temporary.Create();
        var summary = await TemporaryArchive.BackupAsync(archive, store);
        Assert.True(summary.StoredBytes <= 1.01 * summary.RawBytes, $"{summary.StoredBytes} of {summary.RawBytes}");

        var stock = await new ArchiveQueries(new OneArchive(archive), null!, temporary.LastSeen, TimeProvider.System).CheckAsync("main", default);
        Assert.True(stock.Ok);
        Assert.Equal(Directory.EnumerateFiles(temporary.Path, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length), stock.Bytes);
        Assert.InRange(stock.Bytes, summary.StoredBytes, (long)(1.01 * summary.RawBytes));
    }

    public void Dispose() => temporary.Dispose();
}
