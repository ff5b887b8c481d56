using Backup.Contracts;
using Backup.Storage;
using Backup.Storage.Local;

namespace Backup.Tests.Unit.Storage;

/// <summary>A folder as storage: what is taken away from it, and what stays.</summary>
public sealed class LocalRemovalTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("backup-local-").FullName;

    [Fact]
    public async Task What_writers_began_is_listed_and_discarded_and_nothing_else()
    {
        var storage = new LocalStorage(folder);
        await storage.PutAsync("runs/r/whole", new byte[3], default);
        await using var writer = await storage.CreateAsync("runs/r/begun", default);
        await writer.WriteAsync(new byte[7], default);
        string[] foreign = ["notes.tmp", "runs/r/Notes.abcdefgh.tmp", "runs/r/x.short.tmp", ".abcdefgh.tmp"];
        foreach (var name in foreign) File.WriteAllText(Path.Combine(folder, name), "ours");

        var item = Assert.Single(await UnfinishedAsync(storage));
        Assert.StartsWith("runs/r/begun.", item.Name, StringComparison.Ordinal);
        Assert.Equal(7, item.Size);
        foreach (var name in foreign.Append("runs/r/whole").Append("../x.abcdefgh.tmp"))
            await Assert.ThrowsAsync<ArgumentException>(async () => await storage.DiscardAsync(name, default));
        await storage.DiscardAsync(item.Name, default);
        await storage.DiscardAsync(item.Name, default);
        Assert.Empty(await UnfinishedAsync(storage));
        Assert.All(foreign, name => Assert.True(File.Exists(Path.Combine(folder, name))));
        // Its writer was not dead after all: it is told, and nothing half is there.
        await Assert.ThrowsAsync<BackupException>(async () => await writer.CommitAsync(default));
        Assert.Equal(["runs/r/whole"], (await storage.ListAllAsync("", default)).Select(o => o.Name));
    }

    [Fact]
    public async Task A_folder_goes_with_its_last_object_and_the_root_stays()
    {
        var storage = new LocalStorage(folder);
        await storage.PutAsync("runs/r/a", new byte[1], default);
        await storage.PutAsync("runs/r/b", new byte[1], default);
        await storage.PutAsync("top", new byte[1], default);
        await storage.DeleteAsync("runs/r/a", default);
        Assert.True(Directory.Exists(Path.Combine(folder, "runs/r")));
        await storage.DeleteAsync("runs/r/b", default);
        await storage.DeleteAsync("runs/r/b", default);
        Assert.False(Directory.Exists(Path.Combine(folder, "runs/r")));
        await storage.DeleteAsync("top", default);
        Assert.True(Directory.Exists(folder));
        await storage.PutAsync("runs/r/a", new byte[1], default);
    }

    [Fact]
    public async Task A_folder_that_goes_disturbs_no_writer_and_no_listing()
    {
        var storage = new LocalStorage(folder);
        // Each takes the folder away with its own object, whenever it is the last there.
        await Task.WhenAll(Enumerable.Range(0, 3).Select(party => Task.Run(async () =>
        {
            for (var i = 0; i < 300; i++)
            {
                var name = $"clock/{party}-{i}";
                await storage.PutAsync(name, new byte[10], default);
                Assert.Equal(name, Assert.Single(await storage.ListAllAsync(name, default)).Name);
                Assert.DoesNotContain(await UnfinishedAsync(storage), item => item.Name.StartsWith(name, StringComparison.Ordinal));
                await storage.DeleteAsync(name, default);
            }
        })));
        Assert.Empty(await storage.ListAllAsync("", default));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static async Task<List<StoredObject>> UnfinishedAsync(LocalStorage storage) => await storage.ListUnfinishedAsync(default).ToListAsync();
}
