using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Backup.Tests.Unit.Format;

/// <summary>Reads change logs by docs/format.md alone: what the source held after each commit that a backup and the ticks behind it lead to.</summary>
internal sealed class PageLog(PageArchive archive, string source)
{
    /// <summary>A backup that a log may be read from.</summary>
    internal sealed record Base(JsonNode Manifest, SortedDictionary<byte[], PageArchive.HeldUnit> Units)
    {
        public ulong Position => ReadPosition((string)Manifest["source"]!["cutPosition"]!);
    }

    private sealed record Tick(string Name, JsonNode Marker)
    {
        public (long, long, string) Order => ((long)Marker["epoch"]!, (long)Marker["sequence"]!, Name);

        public ulong From => (ulong)Marker["from"]!;

        public ulong To => (ulong)Marker["to"]!;
    }

    private sealed record Change(byte[] Unit, byte[] Record, int KeyLength, byte Operation, uint Missing, HashSet<string> MissingExtras, ulong Position, uint Ordinal);

    /// <summary>The moments, oldest first.</summary>
    public JsonArray Read(IReadOnlyList<Base> backups)
    {
        foreach (var name in archive.Names.Where(n => n.StartsWith($"logs/{source}/claim-", StringComparison.Ordinal)))
            Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"logs/{source}/claim-{(int)archive.Document(8, name)["epoch"]!:D6}"), name[..^9]);
        var moments = new JsonArray();
        foreach (var stretch in Stretches())
        {
            var changes = stretch.SelectMany(t => t.Marker["parts"]!.AsArray().SelectMany(p => Changes(p!))).OrderBy(c => (c.Position, c.Ordinal)).ToList();
            var truncations = stretch.SelectMany(t => t.Marker["truncations"]!.AsArray()).ToList();
            foreach (var at in stretch.SelectMany(Commits))
            {
                if (backups.LastOrDefault(b => b.Position >= stretch[0].From && b.Position <= at) is not { } from) continue;
                moments.Add(new JsonObject { ["at"] = at, ["units"] = State(from, at, changes, truncations) });
            }
        }
        return moments;
    }

    // Back from the head; a gap, or a tick that does not begin where the one before ended, begins a new stretch.
    private IReadOnlyList<IReadOnlyList<Tick>> Stretches()
    {
        var ticks = archive.Names.Where(n => n.StartsWith($"logs/{source}/ticks/", StringComparison.Ordinal)).Select(n => new Tick(n, archive.Document(9, n))).ToDictionary(t => t.Name);
        var line = new List<Tick>();
        for (var tick = ticks.Values.MaxBy(t => t.Order); tick is not null;)
        {
            Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"logs/{source}/ticks/{(int)tick.Marker["epoch"]!:D6}-{(long)tick.Marker["sequence"]!:D12}-"), tick.Name, StringComparison.Ordinal);
            line.Add(tick);
            if (tick.Marker["previous"] is not { } previous) break;
            archive.CheckDigest(previous);
            tick = ticks[(string)previous["object"]!];
        }
        line.Reverse();
        foreach (var level in archive.Names.Where(n => n.StartsWith($"logs/{source}/levels/", StringComparison.Ordinal))) CheckLevel(level, line);
        var stretches = new List<List<Tick>>();
        foreach (var tick in line)
        {
            if (stretches.Count == 0 || tick.Marker["gap"] is not null || tick.From != stretches[^1][^1].To) stretches.Add([]);
            stretches[^1].Add(tick);
        }
        return stretches;
    }

    // What a level stands for says the same.
    private void CheckLevel(string name, List<Tick> line)
    {
        var level = new Tick(name, archive.Document(9, name));
        var covers = level.Marker["covers"]!;
        archive.CheckDigest(covers["first"]!);
        archive.CheckDigest(covers["last"]!);
        var first = line.FindIndex(t => t.Name == (string)covers["first"]!["object"]!);
        var run = line[first..(first + (int)covers["ticks"]!)];
        Assert.Equal((string)covers["last"]!["object"]!, run[^1].Name);
        Assert.StartsWith($"logs/{source}/levels/{run[^1].Name.Split('/')[^1]}-{run.Count:D12}-", name, StringComparison.Ordinal);
        Assert.Equal((run[0].From, run[^1].To), (level.From, level.To));
        Assert.Equal(run.SelectMany(Commits), Commits(level));
        Assert.Equal(run.Sum(t => (long)t.Marker["changes"]!), (long)level.Marker["changes"]!);
        Assert.Equal(All(run), All([level]));

        List<(ulong, uint, string)> All(IEnumerable<Tick> ticks) => [.. ticks.SelectMany(t => t.Marker["parts"]!.AsArray().SelectMany(p => Changes(p!)))
            .Select(c => (c.Position, c.Ordinal, $"{Convert.ToHexString(c.Unit)} {Convert.ToHexString(c.Record)} {c.Operation} {c.Missing}")).Order()];
    }

    private static IEnumerable<ulong> Commits(Tick tick)
    {
        var commits = new FieldReader(Convert.FromBase64String((string)tick.Marker["commits"]!));
        for (var position = 0UL; !commits.AtEnd;)
        {
            position += commits.Varint();
            commits.Varint(); // its time, which no moment here is asked by
            Assert.True(position >= tick.From && position < tick.To);
            yield return position;
        }
    }

    private IEnumerable<Change> Changes(JsonNode part)
    {
        var segments = part["segments"]!.AsArray().Select(s => archive.CheckReference(s!)).ToList();
        var index = part["index"]!;
        foreach (var (unit, form, summary, raw, pieces) in archive.Leaves(archive.CheckReference(index["object"]!), (long)index["rootOffset"]!, (long)index["rootLength"]!))
        {
            Assert.Equal(3UL, form);
            var entries = pieces.SelectMany(p => PageArchive.Entries(archive.Frame(segments[p.Segment], p.Offset, p.Length), unit, p.Start, p.Size)).ToList();
            Assert.Equal(summary, PageArchive.Summary(entries));
            foreach (var (bytes, keyLength) in entries)
            {
                var footer = bytes.AsSpan(bytes.Length - 21);
                var length = BinaryPrimitives.ReadInt32LittleEndian(footer);
                var names = new FieldReader(bytes.AsMemory(length, bytes.Length - 21 - length));
                var extras = new HashSet<string>();
                for (var left = names.Varint(); left > 0; left--) extras.Add(names.Text());
                Assert.True(names.AtEnd);
                yield return new(unit, bytes[..length], keyLength, footer[8], BinaryPrimitives.ReadUInt32LittleEndian(footer[4..]), extras,
                    BinaryPrimitives.ReadUInt64LittleEndian(footer[9..]), BinaryPrimitives.ReadUInt32LittleEndian(footer[17..]));
            }
        }
    }

    private static JsonArray State(Base from, ulong at, IEnumerable<Change> changes, IEnumerable<JsonNode?> truncations)
    {
        var units = new SortedDictionary<byte[], Dictionary<string, (byte[] Bytes, int KeyLength)>>(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));
        foreach (var (key, unit) in from.Units) units[key] = unit.Records.ToDictionary(r => Convert.ToHexString(r.Bytes.AsSpan(0, r.KeyLength)));
        var steps = changes.Select(c => (Order: (c.Position, c.Ordinal), Do: (Action)(() => Apply(c))))
            .Concat(truncations.Select(t => (Order: ((ulong)t!["position"]!, (uint)t["ordinal"]!), Do: (Action)(() => Truncate([.. t["kinds"]!.AsArray().Select(k => (byte)(int)k!)])))));
        foreach (var step in steps.Where(s => s.Order.Item1 >= from.Position && s.Order.Item1 <= at).OrderBy(s => s.Order)) step.Do();
        return new([.. units.Where(u => u.Value.Count > 0).Select(u => new JsonObject
        {
            ["kind"] = u.Key[0], ["id"] = Encoding.UTF8.GetString(u.Key.AsSpan(1)), ["summary"] = Convert.ToHexStringLower(PageArchive.Summary([.. u.Value.Values])),
        })]);

        void Apply(Change change)
        {
            if (!units.TryGetValue(change.Unit, out var unit)) units[change.Unit] = unit = [];
            var key = Convert.ToHexString(change.Record.AsSpan(0, change.KeyLength));
            Assert.Equal(change.Operation != 1, unit.ContainsKey(key));
            if (change.Operation == 3) unit.Remove(key);
            else unit[key] = (change.Missing == 0 && change.MissingExtras.Count == 0 ? change.Record : RecordShape.Fill(change.Record, change.Missing, change.MissingExtras, unit[key].Bytes), change.KeyLength);
        }

        void Truncate(byte[] kinds)
        {
            foreach (var unit in units.Values)
                foreach (var key in unit.Where(r => kinds.Contains(r.Value.Bytes[0])).Select(r => r.Key).ToList()) unit.Remove(key);
        }
    }

    // A position is two hexadecimal halves.
    private static ulong ReadPosition(string text) => text.Split('/') is [var high, var low] ? (ulong.Parse(high, NumberStyles.HexNumber, CultureInfo.InvariantCulture) << 32) | ulong.Parse(low, NumberStyles.HexNumber, CultureInfo.InvariantCulture) : throw new FormatException(text);
}
