using Backup.Cli.Runners;
using Backup.Hosting.Archives;
using Backup.Tests.Tool.Surface;
using Backup.Tests.Unit.Engine;

namespace Backup.Tests.Tool.Local;

/// <summary>Every kind of object, damaged in every way: the tool exits 3 and names the object and the offset.</summary>
public sealed class DamageTests : IDisposable
{
    private readonly ToolRun tool = new();
    private readonly DictionaryStore store = new DictionaryStore { Shards = 2 }.CopyOf(Samples.Store(3, steps: 2));

    public DamageTests()
    {
        tool.Configure("""{"Backup":{"Sources":{"prod":{"Kind":"memory"}},"Archives":{"main":{"Kind":"local","Path":"archive","KeyFile":"key"}},"StateFolder":"state"}}""");
        tool.OpenRunner = options => new LocalRunner(options, new ArchiveOpener(options, tool.Environment, TimeProvider.System), new OneStore(store), TimeProvider.System);
    }

    private string Archive => Path.Combine(tool.Folder.Path, "archive");

    [Fact]
    public async Task Each_kind_of_object_exits_3_and_is_named()
    {
        Assert.Equal(0, await tool.RunAsync("archive", "init", "main"));
        Assert.Equal(0, await tool.RunAsync("create", "prod"));
        Samples.AddThread(store, "later", 1, new Random(2));
        Assert.Equal(0, await tool.RunAsync("create", "prod"));
        var kinds = Directory.GetFiles(Archive, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).GroupBy(KindOf).ToList();
        Assert.Equal(["archive", "index", "keys", "lease", "manifest", "seals", "segment", "shard index", "shard result"], kinds.Select(k => k.Key).Order(StringComparer.Ordinal));
        foreach (var kind in kinds)
        {
            // The newest is damaged, so that the first can stand for an older one of its kind.
            var (path, older) = (kind.Last(), kind.First());
            var bytes = await File.ReadAllBytesAsync(path);
            byte[] flipped = [.. bytes];
            flipped[^7] ^= 4;
            List<(string How, byte[]? Bytes)> changes = [("flipped", flipped), ("cut", bytes[..^9]), ("emptied", []), ("removed", null)];
            if (older != path) changes.Add(("replaced by an older one", await File.ReadAllBytesAsync(older)));
            foreach (var (how, changed) in changes)
            {
                if (changed is null) File.Delete(path); else await File.WriteAllBytesAsync(path, changed);
                await AssertNamedAsync(kind.Key, how, Path.GetRelativePath(Archive, path), bytes.Length);
                await File.WriteAllBytesAsync(path, bytes);
            }
            if (older == path) continue;
            var swapped = await File.ReadAllBytesAsync(older);
            await File.WriteAllBytesAsync(path, swapped);
            await File.WriteAllBytesAsync(older, bytes);
            await AssertNamedAsync(kind.Key, "swapped", Path.GetRelativePath(Archive, path), bytes.Length);
            await File.WriteAllBytesAsync(path, bytes);
            await File.WriteAllBytesAsync(older, swapped);
        }
        Assert.Equal(0, await tool.RunAsync("verify", "--all", "--deep"));
    }

    public void Dispose() => tool.Dispose();

    private static string KindOf(string path) => Path.GetFileName(path) switch
    {
        "archive" => "archive",
        var name when name.EndsWith(".seg", StringComparison.Ordinal) => "segment",
        var name when name.EndsWith(".done", StringComparison.Ordinal) => "shard result",
        var name when name.StartsWith("index-", StringComparison.Ordinal) => "index",
        var name when name.EndsWith(".idx", StringComparison.Ordinal) => "shard index",
        var name when name.StartsWith("lease-", StringComparison.Ordinal) => "lease",
        var name when name.StartsWith("manifest-", StringComparison.Ordinal) => "manifest",
        _ => Path.GetFileName(Path.GetDirectoryName(path)!),
    };

    private async Task AssertNamedAsync(string kind, string how, string name, int length)
    {
        var code = await tool.RunAsync("verify", "--all", "--deep", "--json");
        Assert.True(code == 3, $"{kind} {how}: exit code {code}\n{tool.Out}");
        // What keeps the archive from being opened is the error; everything else is a finding.
        var places = tool.Json.TryGetProperty("error", out var error) ? [error] : tool.Json.GetProperty("findings").EnumerateArray().ToList();
        Assert.True(places.Any(p => p.GetProperty("object").GetString() is { } found && (found == name || (kind == "keys" && found == "keys/")) && p.GetProperty("offset").GetInt64() <= length), $"{kind} {how}:\n{tool.Out}");
    }
}
