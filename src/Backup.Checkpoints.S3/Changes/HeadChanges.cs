using System.Runtime.CompilerServices;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.S3.Capture;
using Backup.Checkpoints.S3.Layouts;
using Backup.Checkpoints.Stores;

namespace Backup.Checkpoints.S3.Changes;

/// <summary>Which units are not those of the base, told by a listing alone: a head's key has the digest of the unit's content.</summary>
internal sealed class HeadChanges(StoreFacts facts, UnitView view) : IChangeTracking
{
    /// <summary>Name of the store's id in the identity of a cut.</summary>
    public const string StoreId = "storeId";

    public Continuity ContinuityWith(EarlierCut earlier) =>
        earlier.Identity.GetValueOrDefault(StoreId) == facts.Layout.Id ? new(ContinuityKind.GoesOn) : new(ContinuityKind.Compare, "the store was made anew");

    public async IAsyncEnumerable<UnitActivity> ActivityAsync(EarlierCut earlier, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var kind in new[] { UnitKind.Thread, UnitKind.Memory })
            await foreach (var head in view.ListAsync(kind, null, null, cancellation))
                if (!head.IsGone) yield return new(head.Unit, true, [], head.Content);
    }

    /// <inheritdoc/>
    /// <remarks>Entries do not tell which of them the base had seen: what changed is captured whole.</remarks>
    public Task<IReadOnlyDictionary<UnitId, UnitDigest>> DigestUntouchedKeysAsync(EarlierCut earlier, IReadOnlyCollection<UnitId> units, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyDictionary<UnitId, UnitDigest>>(new Dictionary<UnitId, UnitDigest>());

    public Task CaptureTouchedAsync(EarlierCut earlier, IReadOnlyCollection<UnitId> units, IRecordSink sink, CancellationToken cancellation) => Task.CompletedTask;
}
