using System.Collections.Immutable;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Orleans.Runtime;

namespace Backup.Grains.Memory.Log;

/// <summary>What this silo tells the change logs of memory stores.</summary>
internal sealed class SiloLog(MemoryStores stores)
{
    private volatile Looked? last;

    public CutStand Stand(string store)
    {
        var (position, logged) = stores.Units(store).Stand;
        return new(position, logged);
    }

    public IReadOnlyList<SiloAddress>? Parts(string store, ulong position) =>
        stores.Units(store).Ask(h => h.At(position)) is { } past ? [.. past.Parts.Select(SiloAddress.FromParsableString)] : null;

    public bool Pass(string store, ulong from, ulong to) => stores.Units(store).Pass(from, to);

    public IReadOnlyList<ulong> Positions(string store, ulong from, ulong to) => stores.Units(store).Ask(h => h.Positions(from, to));

    public void Trim(string store, ulong position)
    {
        last = null; // it holds on to what was there
        stores.Units(store).Ask(h =>
        {
            h.Trim(position);
            return true;
        });
    }

    public void Drop(string store) => stores.Units(store).Ask(h =>
    {
        h.Clear();
        return true;
    });

    /// <summary>Bytes of units that are kept as they were at the oldest cut, and are another now.</summary>
    public long Retained(string store)
    {
        var units = stores.Units(store);
        if (units.Ask(h => h.Oldest) is not { } oldest) return 0;
        var now = units.Current;
        return oldest.Units.Sum(u => ReferenceEquals(now.GetValueOrDefault(u.Key), u.Value) ? 0 : u.Value.Bytes);
    }

    /// <summary>A page of changes: a mebibyte, or one record that is larger.</summary>
    public LogPage Read(string store, LogSpan span, PagePosition from)
    {
        var changes = Look(store, span);
        var units = span.Gone ? changes.Gone : changes.Changed;
        var page = new List<LogChange>();
        long bytes = 0;
        for (var i = from.Unit; i < units.Count; i++)
        {
            var name = UnitName.Of(units[i]);
            var at = i == from.Unit ? from.Record : 0;
            foreach (var (kind, replaces, record) in changes.Of(units[i]).Skip(at))
            {
                if (page.Count > 0 && bytes + record.Bytes.Length > UnitPage.Size) return new(page, new(i, at));
                page.Add(new(name, kind == FeedEventKind.Delete, replaces, new(record.Bytes, record.KeyLength)));
                bytes += record.Bytes.Length + UnitPage.Overhead;
                at++;
            }
        }
        return new(page, null);
    }

    // The pages of one span come one after the other.
    private MemoryChanges Look(string store, LogSpan span)
    {
        var wanted = (store, span with { Gone = false });
        if (last is { } looked && looked.Of == wanted) return looked.Changes;
        var nothing = span.Began ? ImmutableSortedDictionary<UnitId, MemoryUnit>.Empty : null;
        var (older, newer) = stores.Units(store).Ask(h => (h.Before(span.From)?.Units ?? nothing, h.Before(span.To)?.Units ?? nothing));
        if (older is null || newer is null) throw new BackupException(ErrorKind.Conflict, $"this silo does not know any more what it held of '{store}'", "The log goes on with a gap.");
        last = new(wanted, new(older, newer));
        return last.Changes;
    }

    private sealed record Looked((string Store, LogSpan Span) Of, MemoryChanges Changes);
}
