using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres.Capture;
using Backup.Checkpoints.Stores;

namespace Backup.Checkpoints.Postgres.Log;

/// <summary>Turns the messages of pgoutput (protocol version 1, text) into events. Transactions that change nothing of ours give none.</summary>
internal sealed class LogDecoder(PostgresStoreOptions store, IReadOnlyList<FeedTable> tables, ulong from)
{
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly Dictionary<uint, FeedRelation?> relations = [];
    private readonly RowEncoder records = new([.. tables.Select(t => t.Records)]);
    private readonly RowEncoder oldKeys = new([.. tables.Select(t => t.Records)]);
    private readonly FeedRow row = new();
    private readonly FeedRow old = new();
    private readonly List<FeedEvent> events = [];
    private byte[] unitBytes = [];
    private UnitId unit;
    private ulong position;
    private DateTimeOffset time;
    private bool begun;

    /// <summary>True until the transaction that was begun is complete.</summary>
    public bool InTransaction { get; private set; }

    /// <summary>The events of one message; they and their memory are valid until the next.</summary>
    /// <exception cref="Contracts.BackupException">Conflict: a table is not as it was. Failed: the message is not understood.</exception>
    public List<FeedEvent> Decode(ReadOnlyMemory<byte> message)
    {
        events.Clear();
        var reader = new WireReader(message.Span);
        switch (message.Span[0])
        {
            case (byte)'B':
                (position, time, InTransaction, begun) = (reader.UInt64(), Epoch.AddMicroseconds((long)reader.UInt64()), true, false);
                break;
            case (byte)'C':
                if (begun) events.Add(new(FeedEventKind.Commit) { Position = position, Time = time });
                InTransaction = begun = false;
                break;
            case (byte)'R':
                var relation = FeedRelation.Read(ref reader, store, tables, out var id);
                relations[id] = relation;
                break;
            case (byte)'I' when Begins(reader.UInt32()) is { } of:
                if (reader.Byte() != 'N') throw WireReader.Broken();
                row.Read(ref reader, message, of, before: null);
                Put(of, replaces: false);
                break;
            case (byte)'U' when Begins(reader.UInt32()) is { } of:
                Update(ref reader, message, of);
                break;
            case (byte)'D' when Begins(reader.UInt32()) is { } of:
                reader.Skip(1);
                old.Read(ref reader, message, of, before: null);
                Delete(of);
                break;
            case (byte)'T':
                Truncate(ref reader);
                break;
            case (byte)'I' or (byte)'U' or (byte)'D' or (byte)'Y' or (byte)'O':
                break;
            default:
                throw WireReader.Broken();
        }
        return events;
    }

    // The relation of a row, when it is of a table of ours and of a transaction that was asked for; that transaction has begun then.
    private FeedRelation? Begins(uint id)
    {
        if (!InTransaction || !relations.TryGetValue(id, out var relation)) throw WireReader.Broken();
        if (relation is null || position < from) return null;
        Begin();
        return relation;
    }

    private void Begin()
    {
        if (!begun) events.Add(new(FeedEventKind.Begin) { Position = position, Time = time });
        begun = true;
    }

    private void Update(ref WireReader reader, ReadOnlyMemory<byte> message, FeedRelation of)
    {
        var kind = reader.Byte();
        if (kind == 'N')
        {
            row.Read(ref reader, message, of, before: null);
            Put(of, replaces: true);
            return;
        }
        old.Read(ref reader, message, of, before: null);
        if (reader.Byte() != 'N') throw WireReader.Broken();
        row.Read(ref reader, message, of, before: old);
        // Old rows also come when the key is the same: with replica identity full, and for keys that are stored apart.
        var (before, previous) = (Key(of), UnitOf(of, old));
        if (!row.HasKey) throw WireReader.Broken();
        var (after, next) = (records.EncodeKey(row), UnitOf(of, row));
        var same = previous == next && before.Key.Span.SequenceEqual(after.Key.Span);
        if (!same) events.Add(new(FeedEventKind.Delete) { Position = position, Time = time, Unit = previous, Record = before });
        Put(of, replaces: same);
    }

    private void Put(FeedRelation of, bool replaces)
    {
        if (!row.HasKey) throw WireReader.Broken();
        events.Add(new(FeedEventKind.Put)
        {
            Position = position, Time = time, Unit = UnitOf(of, row), Record = records.Encode(row), Replaces = replaces, Missing = row.Missing, MissingExtras = row.MissingExtras,
        });
    }

    private void Delete(FeedRelation of) => events.Add(new(FeedEventKind.Delete) { Position = position, Time = time, Record = Key(of), Unit = UnitOf(of, old) });

    private EncodedRecord Key(FeedRelation of)
    {
        if (!old.HasKey) throw FeedRelation.Changed(store, $"a row of {of.Table.Table.Name} was updated or deleted, and the log does not say which");
        return oldKeys.EncodeKey(old);
    }

    private void Truncate(ref WireReader reader)
    {
        var count = reader.Int32();
        reader.Skip(1);
        var kinds = new List<RecordKind>();
        for (var i = 0; i < count; i++)
            if (relations.TryGetValue(reader.UInt32(), out var relation) && relation is not null) kinds.Add(relation.Table.Kind);
        if (kinds.Count == 0 || position < from) return;
        Begin();
        events.Add(new(FeedEventKind.Truncate) { Position = position, Time = time, Kinds = kinds });
    }

    // Rows of one unit often come one after the other.
    private UnitId UnitOf(FeedRelation of, FeedRow from)
    {
        var id = from[0];
        if (unit.Id is null || unit.Kind != of.Unit || !id.SequenceEqual(unitBytes)) (unitBytes, unit) = (id.ToArray(), new(of.Unit, System.Text.Encoding.UTF8.GetString(id)));
        return unit;
    }
}
