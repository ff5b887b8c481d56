using System.Text.Json;
using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Keys;
using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Engine.Verify;
using Backup.Storage.Metering;

namespace Backup.Tests.Unit.Archive;

/// <summary>A chain of thousands of seals is read from few objects, and says the same as the seals.</summary>
public sealed class SealPageTests : IAsyncLifetime
{
    private readonly TemporaryArchive temporary = new();
    private readonly Random random = new(20261126);
    private MemoryStorage storage = new();

    public async ValueTask InitializeAsync() => storage = await LifeAsync(1100);

    [Fact]
    public async Task Few_objects_are_read_and_they_say_what_the_seals_say()
    {
        var meter = new MeteringStorage(storage);
        var chain = await SealChain.LoadAsync(await OpenAsync(meter), default);
        Same(await SealChain.LoadAsync(await OpenAsync(storage), default, anew: true), chain);
        Assert.Equal(1100, chain.Links.Count);
        Assert.InRange(chain.Removed.Count, 20, 200);
        // The descriptor and the key, the page of 1,024, those of 32 behind it, and the seals behind those.
        Assert.InRange(meter.Reads, 1, 10 + 1 + 3 + SealPages.Width);
    }

    [Fact]
    public async Task What_no_page_has_is_read_itself()
    {
        var expected = await SealChain.LoadAsync(await OpenAsync(storage), default, anew: true);
        var pages = storage.Objects.Keys.Where(n => n.StartsWith(ObjectNames.Pages, StringComparison.Ordinal)).ToList();
        Assert.Equal(33 + 1, pages.Count); // of 32: 34, of which one became the page of 1,024
        for (var round = 0; round < 12; round++)
        {
            var damaged = MemoryStorage.Of(storage.Objects);
            foreach (var page in pages.Where(_ => random.Next(3) == 0))
            {
                if (random.Next(2) == 0) damaged.Objects.Remove(page);
                else damaged.Objects[page] = Flipped(page, random.Next(storage.Objects[page].Length));
            }
            Same(expected, await SealChain.LoadAsync(await OpenAsync(damaged), default));
        }
    }

    [Fact]
    public async Task A_seal_taken_away_is_missed_though_a_page_repeats_it()
    {
        var gone = storage.Objects.Keys.Where(n => n.StartsWith(ObjectNames.Seals, StringComparison.Ordinal)).ElementAt(500);
        var chain = await SealChain.LoadAsync(await OpenAsync(storage.With(gone, null)), default);
        Assert.Equal(gone, Assert.Single(chain.Problems).ObjectName);
    }

    [Fact]
    public async Task A_page_that_repeats_another_seal_is_named_by_verify()
    {
        var begun = await RemovalsAsync(new(), SealPages.Width - 1);
        var (mine, theirs) = (MemoryStorage.Of(begun.Objects), MemoryStorage.Of(begun.Objects));
        var run = RunId.New(TimeProvider.System.GetUtcNow());
        await RemovalsAsync(mine, 1, run);
        await RemovalsAsync(theirs, 1, run);
        await RemovalsAsync(mine, 1);
        await RemovalsAsync(theirs, 1);
        Assert.True((await temporary.VerifyAsync(await OpenAsync(mine), deep: true)).Ok);
        var other = Page(theirs);
        var report = await new ArchiveVerifier(await OpenAsync(mine.With(other, theirs.Objects[other])), new(temporary.Folder), TimeProvider.System).RunAsync(new() { Archive = "main" }, null, TemporaryArchive.Progress(RunKind.Backup), default);
        Assert.Equal(other, Assert.Single(report.Findings).Object);
    }

    [Fact]
    public async Task Every_flipped_byte_of_a_page_is_found_and_nothing_is_lost_by_it()
    {
        var intact = await RemovalsAsync(new(), SealPages.Width + 1);
        var page = Page(intact);
        for (var offset = 0; offset < intact.Objects[page].Length; offset++)
        {
            var archive = await OpenAsync(intact.With(page, Flipped(intact, page, offset)));
            var finding = Assert.Single((await temporary.VerifyAsync(archive, deep: false)).Findings);
            Assert.Equal(page, finding.Object);
            Assert.Empty((await SealChain.LoadAsync(archive, default)).Problems);
        }
    }

    private static string Page(MemoryStorage of) => of.Objects.Keys.Single(n => n.StartsWith(ObjectNames.Pages, StringComparison.Ordinal));

    private async Task<MemoryStorage> RemovalsAsync(MemoryStorage storage, int seals, RunId? run = null)
    {
        var archive = storage.Objects.Count > 0 ? await OpenAsync(storage) : await OpenedArchive.CreateAsync(storage, KeyFileKey.Parse(temporary.KeyContent, "key"), TimeProvider.System, default);
        for (var i = 0; i < seals; i++)
            await SealChain.AppendAsync(archive, run ?? RunId.New(TimeProvider.System.GetUtcNow()), TimeProvider.System, null, new([RunId.New(TimeProvider.System.GetUtcNow()).Value], "retention"), default);
        return storage;
    }

    private async Task<MemoryStorage> LifeAsync(int seals)
    {
        var made = new MemoryStorage();
        var key = KeyFileKey.Parse(temporary.KeyContent, "key");
        var archive = await OpenedArchive.CreateAsync(made, key, TimeProvider.System, default);
        var runs = new List<string>();
        while (runs.Count < seals)
        {
            var run = RunId.New(TimeProvider.System.GetUtcNow());
            Removal? removal = runs.Count > 3 && random.Next(20) == 0 ? new([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => runs[random.Next(runs.Count)]).Distinct()], "retention") : null;
            await SealChain.AppendAsync(archive, run, TimeProvider.System, removal is null ? new ObjectDigest(ObjectNames.Manifest(run, "aaaaaaaa"), 1, new byte[32]) : null, removal, default);
            runs.Add(run.Value);
            // Who opens it anew goes by the pages.
            if (random.Next(300) == 0) archive = await OpenAsync(made);
        }
        return made;
    }

    private byte[] Flipped(string name, int offset) => Flipped(storage, name, offset);

    private static byte[] Flipped(MemoryStorage of, string name, int offset)
    {
        byte[] bytes = [.. of.Objects[name]];
        bytes[offset] ^= (byte)(1 << (offset % 8));
        return bytes;
    }

    private static void Same(SealChain expected, SealChain actual)
    {
        Assert.Empty(actual.Problems);
        Assert.Equal(JsonSerializer.Serialize(expected.Links.Select(l => new { l.Seal, l.Digest })), JsonSerializer.Serialize(actual.Links.Select(l => new { l.Seal, l.Digest })));
        Assert.Equal(expected.Heads.Select(h => h.Object), actual.Heads.Select(h => h.Object));
        Assert.Equal(expected.Removed.Order(), actual.Removed.Order());
    }

    private Task<OpenedArchive> OpenAsync(Backup.Storage.IBackupStorage of) => OpenedArchive.OpenAsync(of, KeyFileKey.Parse(temporary.KeyContent, "key"), 3, default);

    public ValueTask DisposeAsync()
    {
        temporary.Dispose();
        return default;
    }
}
