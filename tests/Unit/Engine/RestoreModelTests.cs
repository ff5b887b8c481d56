using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Units;
using CsCheck;
using Xunit;

namespace Backup.Tests.Unit.Engine;

/// <summary>Every combination of selection, conflict policy, mirror and online against a model, on targets with random contents.</summary>
public sealed class RestoreModelTests : IDisposable
{
    private readonly TemporaryArchive temporary = new();

    /// <summary>What a target holds of each of the backup's threads at first.</summary>
    private enum Before { Missing, Same, Other, Emptied }

    private sealed record Case(Before[] Threads, int Strangers, int Selection, ConflictPolicy Conflict, bool Mirror, bool Online, bool Memory);

    private static readonly Gen<Case> Cases = Gen.Select(Gen.Int[0, 3].Select(i => (Before)i).Array[6], Gen.Int[0, 3], Gen.Int[0, 6], Gen.Int[0, 2], Gen.Bool, Gen.Bool, Gen.Bool)
        .Select((threads, strangers, selection, conflict, mirror, online, memory) => new Case(threads, strangers, selection, (ConflictPolicy)conflict, mirror && selection == 0, online, memory));

    [Fact]
    public async Task A_restore_does_what_the_model_says()
    {
        var archive = temporary.Create();
        var source = Samples.Store(6, steps: 4);
        await TemporaryArchive.BackupAsync(archive, source);
        var units = source.Units.Keys.ToList();
        await Cases.SampleAsync(async c =>
        {
            var target = new MemoryUnits(1 << 30);
            await using var store = new MemoryStore(target, TimeProvider.System);
            for (var i = 0; i < units.Count; i++) await PutAsync(store, Content(source, units[i], c.Threads[i]));
            for (var i = 0; i < c.Strangers; i++) await PutAsync(store, Content(Samples.Store(1, seed: 50 + i), null, Before.Same));
            if (c.Memory) await PutAsync(store, new() { [new(UnitKind.Memory, "users")] = Item() });
            var before = await ReadAsync(store);
            var request = Request(c, units);
            var selected = Selected(source, c, units);

            var conflicts = selected.Keys.Where(u => before.TryGetValue(u, out var held) && !held.Equals(selected[u])).ToHashSet();
            var plan = await new Backup.Engine.Restore.RestoreRun(archive, store, request, TimeProvider.System).PlanAsync(default);
            Assert.Equal((conflicts.Count, selected.Count), (plan.Conflicts, plan.Threads));
            Assert.Equal(before, await ReadAsync(store));
            if (c.Conflict == ConflictPolicy.Fail && conflicts.Count > 0)
            {
                Assert.Equal(ErrorKind.Conflict, (await Assert.ThrowsAsync<BackupException>(() => TemporaryArchive.RestoreAsync(archive, store, request))).Kind);
                Assert.Equal(before, await ReadAsync(store));
                return;
            }
            var report = await TemporaryArchive.RestoreAsync(archive, store, request);

            var expected = new Dictionary<UnitId, UnitDigest>(before);
            foreach (var (unit, content) in selected)
                if (!conflicts.Contains(unit) || c.Conflict == ConflictPolicy.Overwrite) expected[unit] = content;
            var outside = before.Keys.Where(u => !selected.ContainsKey(u)).ToList();
            if (c.Mirror) foreach (var unit in outside) expected.Remove(unit);
            Assert.Equal(expected, await ReadAsync(store));
            var skipped = c.Conflict == ConflictPolicy.Skip ? conflicts.Count : 0;
            var strangers = outside.Count(u => u.Kind == UnitKind.Thread);
            Assert.Equal((selected.Count - skipped, skipped, selected.Count(s => before.TryGetValue(s.Key, out var held) && held.Equals(s.Value)), c.Mirror ? strangers : 0, c.Mirror ? 0 : strangers, true),
                (report.Threads, report.Skipped, report.Unchanged, report.Removed, report.Untouched, report.Exact));
        }, iter: 150, threads: 1);
    }

    public void Dispose() => temporary.Dispose();

    // 0: everything; 1, 2: some threads; 3: one under another id; 4: one at a checkpoint; 5: a namespace; 6: one under the id of another thread.
    private static RestoreRequest Request(Case c, List<UnitId> units)
    {
        RestoreRequest request = new() { Archive = "main", Source = "prod", Target = "s", Conflict = c.Conflict, Mirror = c.Mirror, Online = c.Online };
        return c.Selection switch
        {
            0 => request,
            1 or 2 => request with { Threads = [units[0].Id, units[2].Id, units[c.Selection].Id] },
            3 => request with { Threads = [units[0].Id], NewThreadId = "new" },
            4 => request with { Threads = [units[1].Id], Checkpoint = Samples.Checkpoint(2) },
            5 => request with { Namespace = "" },
            _ => request with { Threads = [units[0].Id], NewThreadId = units[1].Id },
        };
    }

    private static Dictionary<UnitId, UnitDigest> Selected(DictionaryStore source, Case c, List<UnitId> units)
    {
        var all = source.Digests();
        return c.Selection switch
        {
            0 or 5 => all,
            1 or 2 => new[] { units[0], units[2], units[c.Selection] }.Distinct().ToDictionary(u => u, u => all[u]),
            3 => new() { [UnitId.Thread("new")] = all[units[0]] },
            4 => new() { [units[1]] = Digest(source.Units[units[1]].Where(IsBeforeTheSecond)) },
            _ => new() { [units[1]] = all[units[0]] },
        };
    }

    // Two checkpoints and what they name; the second was gone on from, so only the first keeps its write.
    private static bool IsBeforeTheSecond((byte[] Bytes, int Key) record)
    {
        var reader = new RecordReader(record.Bytes);
        reader.Text();
        var name = reader.Text();
        return (RecordKind)record.Bytes[0] switch
        {
            RecordKind.Checkpoint => name == Samples.Checkpoint(1) || name == Samples.Checkpoint(2),
            RecordKind.ChannelBlob => reader.Text() is "1" or "2",
            _ => name == Samples.Checkpoint(1),
        };
    }

    private static Dictionary<UnitId, List<(byte[] Bytes, int Key)>> Content(DictionaryStore source, UnitId? only, Before before)
    {
        var content = source.Units.Where(u => only is null || u.Key == only).ToDictionary(u => u.Key, u => u.Value.ToList());
        foreach (var (unit, records) in content)
        {
            if (before == Before.Missing) content.Remove(unit);
            else if (before == Before.Other) records.RemoveAt(records.Count / 2);
            else if (before == Before.Emptied) records.RemoveRange(1, records.Count - 1);
        }
        return content;
    }

    private static List<(byte[] Bytes, int Key)> Item()
    {
        var record = new RecordBuffer();
        new StoreItem { Key = "k", Value = Samples.Bytes("1") }.Encode(record);
        return [(record.Record.Bytes.ToArray(), record.Record.KeyLength)];
    }

    private static UnitDigest Digest(IEnumerable<(byte[] Bytes, int Key)> records)
    {
        var digest = new UnitDigest();
        foreach (var (bytes, key) in records) digest.Add(new(bytes, key));
        return digest;
    }

    private static async Task PutAsync(MemoryStore store, Dictionary<UnitId, List<(byte[] Bytes, int Key)>> content)
    {
        await using var session = await store.OpenAsync(new() { SourceKind = "memory", Layout = "{}", Online = true }, default);
        await using var loader = await session.OpenLoaderAsync(default);
        foreach (var (unit, records) in content)
        {
            await loader.BeginAsync(unit, true, default);
            foreach (var (bytes, key) in records) await loader.WriteAsync(new(bytes, key), default);
            await loader.EndAsync(default);
        }
        await loader.CompleteAsync(default);
        await session.CommitAsync(default);
    }

    private static async Task<Dictionary<UnitId, UnitDigest>> ReadAsync(MemoryStore store)
    {
        await using var cut = await store.CutAsync(default);
        var sink = new DigestSink();
        foreach (var shard in await cut.PlanAsync(2, default)) await cut.CaptureAsync(shard, sink, default);
        return sink.Digests;
    }
}
