using Backup.Archive;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;
using Backup.Tests.Unit;

namespace Backup.Tests.StoreSuite.Model;

/// <summary>How a kind of store lives.</summary>
/// <param name="Create">An empty one that apps may write to.</param>
/// <param name="Fresh">What a backup is restored into to see what it holds.</param>
/// <param name="Threads">Ids that the store takes.</param>
/// <param name="Atomic">An app's change of a thread is seen whole or not at all, so apps may write while a backup reads.</param>
/// <param name="Memory">It has long-term memory.</param>
/// <param name="Shallow">It keeps the newest checkpoint alone.</param>
/// <param name="Blobs">It has values apart from the checkpoints.</param>
/// <param name="Returns">Kinds its backups may be restored into as well, with all they hold.</param>
internal sealed record StoreKind(Func<Task<StoreUnderTest>> Create, Func<Task<StoreUnderTest>> Fresh, string[] Threads, bool Atomic, bool Memory, bool Shallow, bool Blobs, Func<Task<StoreUnderTest>>[] Returns);

/// <summary>
/// A random life of a store: what apps do, backups of every strategy while they do it, compactions, restores into the store itself and into
/// others. The oracle is every state the store was ever in: of each thread a backup holds one that it had while the backup was taken.
/// </summary>
internal sealed class StoreLife : IAsyncDisposable
{
    private const int MaxBeside = 40; // changes beside one backup
    private readonly StoreKind kind;
    private readonly Random random;
    private readonly StoreUnderTest store;
    private readonly TemporaryArchive temporary = new();
    private readonly OpenedArchive archive;
    private readonly UnitId[] units;
    private readonly Contents now = new();
    private readonly Dictionary<UnitId, List<(int Change, Contents State)>> states = [];
    private readonly List<(string BackupId, Contents Contents)> backups = [];
    private readonly Dictionary<string, int> did = new(StringComparer.Ordinal);
    private int made, changes;

    private StoreLife(StoreKind kind, StoreUnderTest store, int seed)
    {
        (this.kind, this.store, random, archive) = (kind, store, new(seed), temporary.Create());
        units = [.. random.GetItems(kind.Threads, 10).Distinct().Select(UnitId.Thread), .. kind.Memory ? [new UnitId(UnitKind.Memory, "users.ann"), new UnitId(UnitKind.Memory, "")] : (UnitId[])[]];
    }

    public static async Task<StoreLife> BeginAsync(StoreKind kind, int seed) => new(kind, await kind.Create(), seed);

    /// <summary>What was done, and how often.</summary>
    public string Done => string.Join(", ", did.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Value} {d.Key}"));

    /// <summary>Lives for so many turns; then every backup there is still holds what it held.</summary>
    public async Task LiveAsync(int turns)
    {
        for (var turn = 0; turn < turns; turn++)
        {
            for (var i = random.Next(6); i >= 0; i--) await StepAsync();
            await BackUpAsync();
            switch (random.Next(8))
            {
                case 0: await CompactAsync(); break;
                case 1 or 2: await GoBackAsync(); break;
                case 3: await ElsewhereAsync(); break;
            }
        }
        Contents.AssertEqual(now, await Contents.ReadAsync(store.Source), "at the end");
        foreach (var (backup, contents) in backups) Contents.AssertEqual(contents, await HeldAsync(backup), $"backup {backup}, restored again at the end");
        var verified = await temporary.VerifyAsync(archive, deep: true);
        Assert.True(verified.Ok, string.Join('\n', verified.Findings.Select(p => $"{p.Object} {p.Problem}")));
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        temporary.Dispose();
    }

    private async Task StepAsync()
    {
        var unit = units[random.Next(units.Length)];
        var there = now.Units.Contains(unit);
        if (unit.Kind == UnitKind.Memory)
        {
            await ChangeAsync("items", unit, new StoreItem { Key = $"k{random.Next(5)}", Value = Support.Samples.Utf8($"{made++}") }.Encode);
            return;
        }
        var ids = there ? now.Records(unit).Where(r => r.Kind == RecordKind.Checkpoint).Select(r => Checkpoint.Decode(new(r.Bytes.ToArray(), r.KeyLength)).CheckpointId).ToList() : [];
        switch (there ? random.Next(100) : 0)
        {
            case < 50: // grows, or forks
                var number = made++;
                var (id, parent) = ($"c{number:d6}", ids.Count == 0 ? null : ids[random.Next(3) == 0 ? random.Next(ids.Count) : ^1]);
                Action<RecordBuffer>[] value = kind.Blobs ? [Support.Samples.Blob("messages", $"{number}", $"\"{new string('m', random.Next(300))}\"")] : [];
                if (kind.Shallow && there)
                {
                    await store.DeleteAsync(unit.Id);
                    now.Remove(unit);
                }
                await ChangeAsync("checkpoints", unit,
                    [.. value, Support.Samples.Checkpoint(id, parent, kind.Blobs ? $$$"""{"v": 4, "channel_versions": {"messages": {{{number}}}}}""" : $$$"""{"n": {{{number}}}, "v": 4}"""), Support.Samples.Write(id, 0, "messages", "\"w\"")]);
                break;
            case < 70:
                await ChangeAsync("special writes", unit, Support.Samples.Write(ids[random.Next(ids.Count)], -3, "__interrupt__", $"\"{made++}\""));
                break;
            case < 80 when !kind.Shallow:
                await ChangeAsync("checkpoints over others", unit, Support.Samples.Checkpoint(ids[^1], ids.Count > 1 ? ids[^2] : null, $$$"""{"n": {{{made++}}}, "v": 4}"""));
                break;
            default:
                await store.DeleteAsync(unit.Id);
                Became(unit, null, "deletions");
                break;
        }
    }

    private async Task ChangeAsync(string what, UnitId unit, params Action<RecordBuffer>[] records)
    {
        var next = now.Only(unit).Put(unit, records);
        await store.WriteAsync(kind.Atomic ? new Contents().Put(unit, records) : next);
        Became(unit, next, what);
    }

    // The oracle: a unit is now another, or no more.
    private void Became(UnitId unit, Contents? next, string what)
    {
        now.Remove(unit);
        if (next is not null) now.Put(unit, next.Records(unit));
        if (!states.TryGetValue(unit, out var of)) states[unit] = of = [(0, new())];
        of.Add((++changes, next ?? new()));
        Count(what);
    }

    // Whether a unit was so after a change, or at it.
    private bool WasSince(int change, UnitId unit, Contents held)
    {
        if (!states.TryGetValue(unit, out var of)) return held.IsSame(unit, new());
        for (var i = of.Count - 1; i >= 0; i--)
        {
            if (held.IsSame(unit, of[i].State)) return true;
            if (of[i].Change <= change) return false;
        }
        return false;
    }

    private async Task BackUpAsync()
    {
        var strategy = (BackupStrategyKind)random.Next(Enum.GetValues<BackupStrategyKind>().Length);
        var from = changes;
        var running = Task.Run(() => TemporaryArchive.BackupAsync(archive, store.Source, strategy: strategy));
        if (kind.Atomic && random.Next(3) > 0)
        {
            for (var i = 0; i < MaxBeside && (i == 0 || !running.IsCompleted); i++) await StepAsync();
        }
        string backup;
        try
        {
            backup = (await running).BackupId;
        }
        catch (BackupException error) when (error.Kind == ErrorKind.Unreachable && changes > from)
        {
            Count("backups that must be run again");
            return;
        }
        var held = await HeldAsync(backup);
        foreach (var unit in held.Units.Concat(units).Distinct().Where(unit => !WasSince(from, unit, held)))
        {
            Contents.AssertEqual(now.Only(unit), held.Only(unit), $"{strategy} backup {backup}, taken from change {from} to {changes}, has {unit} as it was at no time between, the last being shown ({Done})");
            Assert.Fail($"{unit} of backup {backup} is as the last state, and yet of no state");
        }
        backups.Add((backup, held));
        Count($"{strategy} backups".ToLowerInvariant());
    }

    private async Task CompactAsync()
    {
        await TemporaryArchive.CompactAsync(archive);
        Count("compactions");
    }

    // Some threads, or all and nothing beside them, as a backup has them.
    private async Task GoBackAsync()
    {
        if (backups.Count == 0) return;
        var (backup, contents) = backups[random.Next(backups.Count)];
        var threads = contents.Units.Where(u => u.Kind == UnitKind.Thread).Select(u => u.Id).ToArray();
        var some = random.Next(2) == 0 ? threads.Where(_ => random.Next(2) == 0).ToArray() : null;
        if (threads.Length == 0 || some is { Length: 0 }) return;
        var online = random.Next(3) == 0;
        var request = new RestoreRequest { Archive = "main", BackupId = backup, Target = "prod", Conflict = ConflictPolicy.Overwrite, Online = online };
        await TemporaryArchive.RestoreAsync(archive, store.Target, some is null ? request with { Mirror = true } : request with { Threads = some });
        foreach (var unit in some?.Select(UnitId.Thread) ?? now.Units.Concat(contents.Units).Distinct().ToList())
            Became(unit, contents.Units.Contains(unit) ? contents.Only(unit) : null, "units restored");
        Contents.AssertEqual(now, await Contents.ReadAsync(store.Source), $"restored from {backup}");
        Count(some is null ? "restores of all" : "restores of some");
    }

    private async Task ElsewhereAsync()
    {
        if (backups.Count == 0 || kind.Returns.Length == 0) return;
        var (backup, contents) = backups[random.Next(backups.Count)];
        if (!contents.Units.Any()) return;
        await using var other = await kind.Returns[random.Next(kind.Returns.Length)]();
        await TemporaryArchive.RestoreAsync(archive, other.Target, new() { Archive = "main", BackupId = backup, Target = "other" });
        Contents.AssertEqual(contents, await Contents.ReadAsync(other.Source), $"{backup} elsewhere");
        Count("restores into others");
    }

    private async Task<Contents> HeldAsync(string backup)
    {
        await using var fresh = await kind.Fresh();
        await TemporaryArchive.RestoreAsync(archive, fresh.Target, new() { Archive = "main", BackupId = backup, Target = "fresh" });
        return await Contents.ReadAsync(fresh.Source);
    }

    private void Count(string what) => did[what] = did.GetValueOrDefault(what) + 1;
}
