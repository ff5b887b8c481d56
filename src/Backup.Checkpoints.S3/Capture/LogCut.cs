using System.Globalization;
using System.Runtime.CompilerServices;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.S3.Changes;
using Backup.Checkpoints.S3.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Checkpoints.S3.Capture;

/// <summary>A cut of a store in S3: each unit is read as it is at an instant of its own, not before the cut.</summary>
internal sealed class LogCut : ISourceCut
{
    // A listing shows some hundred units at once.
    private const int UnitsInShard = 32;
    private readonly S3StoreOptions store;
    private readonly S3Bucket bucket;
    private readonly StoreFacts facts;
    private readonly UnitView view;
    private readonly UnitReader reader;

    public LogCut(S3StoreOptions store, S3Bucket bucket, StoreFacts facts, CutDescription description, string? session = null)
    {
        (this.store, this.bucket, this.facts) = (store, bucket, facts);
        view = new(store, bucket, session);
        reader = new(store, bucket, view.FindAsync);
        Description = description;
        Changes = session is null ? new HeadChanges(facts, view) : null;
    }

    public CutDescription Description { get; }

    public IChangeTracking? Changes { get; }

    public static CutDescription Describe(StoreFacts facts, string? token = null, DateTimeOffset? time = null) => new()
    {
        Token = token ?? string.Create(CultureInfo.InvariantCulture, $"{facts.Layout.Id}/{facts.Time.UtcTicks}"),
        Time = time ?? facts.Time,
        // The Date of an answer has whole seconds.
        Precision = TimeSpan.FromSeconds(1),
        Moving = true,
        Identity = new SortedDictionary<string, string>(StringComparer.Ordinal) { [HeadChanges.StoreId] = facts.Layout.Id! },
        Layout = facts.Layout.Describe(),
    };

    public async Task<IReadOnlyList<Shard>> PlanAsync(int wanted, CancellationToken cancellation)
    {
        var shards = new List<Shard>();
        foreach (var kind in new[] { UnitKind.Thread, UnitKind.Memory })
        {
            // Every so many ids, fewer as there are more of them.
            var sample = new List<string>();
            long count = 0, every = 1;
            await foreach (var head in view.ListAsync(kind, null, null, cancellation))
            {
                if (head.IsGone || count++ % every != 0) continue;
                sample.Add(head.Unit.Id);
                if (sample.Count < 16L * wanted) continue;
                sample = sample.Where((_, i) => i % 2 == 0).ToList();
                every *= 2;
            }
            if (count == 0 && kind == UnitKind.Memory) continue;
            string? from = null;
            var shares = Math.Min(wanted, Math.Max(1, Math.Min(sample.Count, count / UnitsInShard)));
            for (var i = 1; i < shares; i++)
            {
                var next = sample[(int)(sample.Count * i / shares)];
                shards.Add(new(shards.Count, kind, from, next));
                from = next;
            }
            shards.Add(new(shards.Count, kind, from, null));
        }
        return shards;
    }

    public async Task CaptureAsync(Shard shard, IRecordSink sink, CancellationToken cancellation)
    {
        await reader.ReadAsync(view.ListAsync(shard.Kind, shard.From, shard.To, cancellation), sink, cancellation);
        await EnsureSameAsync(cancellation);
    }

    public async Task CaptureAsync(IReadOnlyCollection<UnitId> units, IRecordSink sink, CancellationToken cancellation)
    {
        await reader.ReadAsync(view.FindAsync(units, cancellation), sink, cancellation);
        await EnsureSameAsync(cancellation);
    }

    public async IAsyncEnumerable<UnitId> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var kind in new[] { UnitKind.Thread, UnitKind.Memory })
            await foreach (var head in view.ListAsync(kind, null, null, cancellation))
                if (!head.IsGone) yield return head.Unit;
        await EnsureSameAsync(cancellation);
    }

    /// <inheritdoc/>
    /// <remarks>Of the same store every unit that was ever there has a head. One that has none is lost.</remarks>
    public async Task EnsureDeletedAsync(EarlierCut earlier, IReadOnlyCollection<UnitId> units, CancellationToken cancellation)
    {
        if (earlier.Identity.GetValueOrDefault(HeadChanges.StoreId) != facts.Layout.Id) return;
        await foreach (var (unit, head) in view.LookUpAsync(units, cancellation))
            if (head is null)
                throw new BackupException(ErrorKind.Failed, $"'{store.Name}' is not whole: {unit} is gone, and it was not deleted",
                    "Nothing was captured, and nothing is taken for deleted. Objects were removed by hand or by a rule, or the bucket was set back: restore what is missing (--conflict skip), or take a full backup if it is to be so.");
    }

    public ValueTask DisposeAsync() => default;

    // What was read is of the store that the cut is of: nothing was emptied or made anew under the reader.
    private async Task EnsureSameAsync(CancellationToken cancellation)
    {
        if (await bucket.GetAsync(StoreKeys.Layout, cancellation) is { } bytes && StoreLayout.Read(bytes)?.Id == facts.Layout.Id) return;
        throw new BackupException(ErrorKind.Unreachable, $"the store of '{store.Name}' was emptied or made anew while it was read",
            "Nothing of this run is visible, and nothing is taken for deleted. Make sure that the store is what it should be, then run the same command again.");
    }
}
