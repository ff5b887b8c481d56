using System.Text.Json;
using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Units;
using Backup.Storage;

namespace Backup.Engine.Capture;

/// <summary>Turns the results of all shards into a backup: one index, the manifest, the seal. Until the seal is there, nothing is visible.</summary>
public static class BackupSealing
{
    /// <summary>A backup that lacks more than this share of the threads there were is suspect.</summary>
    public const double SuspectShare = 0.2;

    /// <summary>What is sealed besides the shards.</summary>
    /// <param name="SourceName">Configured name of the source.</param>
    /// <param name="SourceKind">Its kind.</param>
    /// <param name="Cut">The cut.</param>
    /// <param name="Started">When the run began.</param>
    /// <param name="Warnings">What an operator should know, besides the cut's own warnings.</param>
    /// <param name="Expiries">When units go by themselves.</param>
    public sealed record Subject(string SourceName, string SourceKind, CutDescription Cut, DateTimeOffset Started, IReadOnlyList<string> Warnings, ExpiryReference? Expiries = null);

    /// <summary>What an increment or a derived backup builds on, and the state that comes of both.</summary>
    /// <param name="Strategy">Strategy in lower case.</param>
    /// <param name="Base">The base; null for a derived backup that holds everything.</param>
    /// <param name="StateRoot">State root of everything.</param>
    /// <param name="Totals">Totals of everything.</param>
    /// <param name="Compared">True when nothing was taken for unchanged without comparing its digests.</param>
    /// <param name="Derived">What it was made of in place of the source.</param>
    /// <param name="Layers">Members of the chain that a derived backup makes.</param>
    public sealed record Onto(string Strategy, BaseReference? Base, byte[] StateRoot, Totals Totals, bool Compared, Derivation? Derived = null, int Layers = 0)
    {
        /// <summary>What the seal of a derived backup says.</summary>
        public Supersession? Supersedes => Derived is null ? null : new(Derived.BackupId, Layers);
    }

    /// <summary>Seals the run that <paramref name="lease"/> owns.</summary>
    /// <exception cref="BackupException">Conflict: the run was taken over or declared dead.</exception>
    public static async Task<BackupManifest> RunAsync(OpenedArchive archive, RunLease lease, Subject subject, IReadOnlyList<ShardResult> shards, TimeProvider time, CancellationToken cancellation, Onto? onto = null)
    {
        using var root = new StateRoot();
        var index = await IndexMerge.RunAsync(archive, lease.Run, shards, root.Add, cancellation);
        Failpoint.Reach("seal.index");
        var totals = onto?.Totals ?? shards.Aggregate(Totals.None, (sum, shard) => sum + shard.Totals);
        var shrunk = subject.Cut.Moving && onto is null ? await ShrunkAsync(archive, subject, totals.Threads, cancellation) : null;
        var finished = time.GetUtcNow();
        var manifest = new BackupManifest
        {
            BackupId = lease.Run.Value, Strategy = onto?.Strategy ?? "full", Writer = Writer, Started = subject.Started, Finished = finished,
            Source = new()
            {
                Name = subject.SourceName, Kind = subject.SourceKind, CutTime = subject.Cut.Time, CutPosition = subject.Cut.Position,
                // The run began before the cut was taken: by the source's clock it ends no later than this.
                CutUntil = subject.Cut.Until ?? (subject.Cut.Moving ? subject.Cut.Time + subject.Cut.Precision + (finished - subject.Started) : null),
                Identity = subject.Cut.Identity, Layout = JsonSerializer.Deserialize<JsonElement>(subject.Cut.Layout),
            },
            Segments = shards.SelectMany(s => s.Segments).ToList(),
            Base = onto?.Base,
            Derived = onto?.Derived,
            Compared = onto?.Compared ?? true,
            Index = index,
            Totals = totals,
            StateRoot = onto?.StateRoot ?? root.Finish(),
            Warnings = [.. subject.Cut.Warnings, .. subject.Warnings, .. shrunk is null ? Array.Empty<string>() : [shrunk]],
            Working = await WorkingObjectsAsync(archive, lease.Run, shards, index, subject.Expiries, cancellation),
            Expiries = subject.Expiries,
        };
        var digest = await ManifestStore.PutAsync(archive, manifest, cancellation);
        Failpoint.Reach("seal.manifest");
        await lease.EnsureOwnedAsync(cancellation);
        await SealChain.AppendAsync(archive, lease.Run, time, digest, removal: null, cancellation, onto?.Supersedes);
        Failpoint.Reach("seal.seal");
        await ConfirmAsync(archive, manifest, digest.Object, cancellation);
        return manifest;
    }

    // A store that can lose its data and be made anew looks like one that never held more; an increment would have noticed.
    private static async Task<string?> ShrunkAsync(OpenedArchive archive, Subject subject, long threads, CancellationToken cancellation)
    {
        var catalog = await BackupCatalog.LoadAsync(archive, cancellation);
        await foreach (var before in catalog.OfSourceAsync(subject.SourceName, cancellation))
        {
            if (before.Source.Kind != subject.SourceKind || before.Totals.Threads - threads <= SuspectShare * before.Totals.Threads) return null;
            return $"suspect: backup {before.BackupId} held {before.Totals.Threads} threads, and {threads} are there; make sure that the source was whole";
        }
        return null;
    }

    private static string Writer => $"backup.orleans/{typeof(BackupSealing).Assembly.GetName().Version?.ToString(3)}";

    // Results, shard indexes and leases stay in the archive; naming them makes their loss or change noticed too. Expiries are named for
    // programs that do not know them: those keep and check what a manifest names here.
    private static async Task<IReadOnlyList<ObjectDigest>> WorkingObjectsAsync(OpenedArchive archive, RunId run, IReadOnlyList<ShardResult> shards, IndexReference index, ExpiryReference? expiries, CancellationToken cancellation)
    {
        var used = shards.Select(s => s.Index.Object.Name).Where(n => n != index.Object.Name).Concat(expiries?.Pages.Select(p => p.Object) ?? []).ToHashSet();
        var digests = new List<ObjectDigest>();
        foreach (var item in await archive.Storage.ListAllAsync(ObjectNames.Run(run), cancellation))
        {
            var isResult = shards.Any(s => item.Name == s.Name);
            if (!used.Contains(item.Name) && !isResult && !item.Name.Contains("/lease-", StringComparison.Ordinal)) continue;
            var digest = await ObjectDigests.ComputeAsync(archive.Storage, item.Name, cancellation);
            if (digest.Size != item.Size) throw new DamageException(item.Name, digest.Size, $"it was read as {digest.Size} bytes and is listed with {item.Size}");
            digests.Add(digest);
        }
        return digests;
    }

    /// <summary>
    /// Success is said only of what is there: after the seal every object is listed once more. And only of what stays: a collection marks a
    /// run before it looks for its seal, so a run that has its seal and, looked for after it, no mark is never collected.
    /// </summary>
    /// <param name="archive">The archive.</param>
    /// <param name="manifest">The sealed manifest.</param>
    /// <param name="name">Its name in the archive.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="BackupException">Conflict: it is not to be relied on. Damage: an object is missing.</exception>
    public static async Task ConfirmAsync(OpenedArchive archive, BackupManifest manifest, string name, CancellationToken cancellation)
    {
        if (await DeadMarks.AnyAsync(archive, new(manifest.BackupId), cancellation))
            throw new BackupException(ErrorKind.Conflict, $"backup {manifest.BackupId} was sealed too late: its run was declared dead", "Do not rely on it: a collection may take it away. Run the backup again.");
        var sizes = (await archive.Storage.ListAllAsync(ObjectNames.Run(new(manifest.BackupId)), cancellation)).ToDictionary(o => o.Name, o => o.Size);
        if (!sizes.ContainsKey(name)) throw new DamageException(name, 0, "it is missing right after it was sealed");
        foreach (var needed in manifest.Segments.Append(manifest.Index.Object))
            if (!sizes.TryGetValue(needed.Name, out var size) || size != needed.Size)
                throw new DamageException(needed.Name, 0, "it is missing or cut right after it was sealed");
        foreach (var page in manifest.Expiries?.Pages ?? [])
            if (!sizes.ContainsKey(page.Object)) throw new DamageException(page.Object, 0, "it is missing right after it was sealed");
    }
}
