using Backup.Contracts;
using Backup.Tests.Unit.Engine;
using Xunit;

namespace Backup.Tests.Unit.Archive;

/// <summary>Damage of every kind to every object of a small archive of two backups.</summary>
public sealed class EveryByteTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryArchive temporary = new();

    public async ValueTask InitializeAsync()
    {
        var archive = temporary.Create();
        var store = Samples.Store(3, steps: 2);
        store = new DictionaryStore { Shards = 2 }.CopyOf(store);
        await TemporaryArchive.BackupAsync(archive, store);
        Samples.AddThread(store, "later", 1, new Random(2));
        await TemporaryArchive.BackupAsync(archive, store);
        Assert.True((await temporary.VerifyAsync(archive, deep: true)).Ok); // also remembers the heads
    }

    [Fact]
    public async Task Every_flipped_byte_is_found_and_named()
    {
        var flips = 0;
        foreach (var (name, path) in Objects())
        {
            var bytes = await File.ReadAllBytesAsync(path);
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] ^= 0x20;
                await WriteAsync(path, bytes);
                var finding = await DamageAsync();
                Assert.True(finding.Any(f => f.Object == name && f.Offset <= i), $"{name} byte {i}: {string.Join("; ", finding.Select(f => $"{f.Object}@{f.Offset} {f.Problem}"))}");
                bytes[i] ^= 0x20;
                flips++;
            }
            await WriteAsync(path, bytes);
        }
        Assert.True(flips > 5000, $"{flips}");
        Assert.Empty(await DamageAsync());
    }

    [Fact]
    public async Task Every_object_cut_emptied_removed_or_extended_is_found_and_named()
    {
        foreach (var (name, path) in Objects())
        {
            var bytes = await File.ReadAllBytesAsync(path);
            foreach (var changed in new byte[]?[] { bytes[..^1], bytes[..(bytes.Length / 2)], [], null, [.. bytes, 0] })
            {
                if (changed is null) File.Delete(path); else await WriteAsync(path, changed);
                Assert.Contains(await DamageAsync(), f => f.Object == name || (name.StartsWith("keys/", StringComparison.Ordinal) && f.Object == "keys/"));
            }
            await WriteAsync(path, bytes);
        }
        Assert.Empty(await DamageAsync());
    }

    [Fact]
    public async Task Every_object_in_another_ones_place_is_found_and_named()
    {
        var objects = Objects().ToList();
        foreach (var (name, path) in objects)
        {
            var bytes = await File.ReadAllBytesAsync(path);
            foreach (var (other, otherPath) in objects.Where(o => o.Name != name && Path.GetExtension(o.Name) == Path.GetExtension(name)))
            {
                File.Copy(otherPath, path, overwrite: true);
                Assert.Contains(await DamageAsync(), f => f.Object == name);
            }
            await WriteAsync(path, bytes);
        }
        Assert.Empty(await DamageAsync());
    }

    [Fact]
    public async Task A_flip_in_data_names_the_threads_that_are_lost_and_only_those_are()
    {
        var (name, path) = Objects().First(o => o.Name.EndsWith(".seg", StringComparison.Ordinal));
        var bytes = await File.ReadAllBytesAsync(path);
        bytes[^20] ^= 1;
        await WriteAsync(path, bytes);
        var finding = Assert.Single(await DamageAsync());
        Assert.Equal(name, finding.Object);
        Assert.NotEmpty(finding.Threads);
        Assert.Equal(finding.Threads.Count, finding.ThreadCount);
        bytes[^20] ^= 1;
        await WriteAsync(path, bytes);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    public void Dispose()
    {
        if (Directory.Exists(temporary.Folder)) temporary.Dispose();
    }

    private async Task<IReadOnlyList<Finding>> DamageAsync()
    {
        try
        {
            return (await temporary.VerifyAsync(await temporary.OpenAsync(), deep: true)).Findings;
        }
        catch (DamageException damage)
        {
            return [new Finding { Object = damage.ObjectName, Offset = damage.Offset, Problem = damage.Problem }];
        }
    }

    private IEnumerable<(string Name, string Path)> Objects() =>
        Directory.EnumerateFiles(temporary.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(p => (Path.GetRelativePath(temporary.Path, p), p)).ToList();

    private static Task WriteAsync(string path, byte[] bytes) => File.WriteAllBytesAsync(path, bytes);
}
