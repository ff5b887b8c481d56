using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Archive.Logs;
using Backup.Archive.Objects;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Progress;
using Backup.Storage.Metering;

namespace Backup.Engine.Verify;

/// <summary>Checks an archive: the chain of seals, then every backup asked for, to the depth asked for.</summary>
public sealed class ArchiveVerifier
{
    private readonly MeteringStorage meter;
    private readonly OpenedArchive archive;
    private readonly LastSeen lastSeen;
    private readonly TimeProvider time;

    /// <summary>Creates a verifier.</summary>
    public ArchiveVerifier(OpenedArchive archive, LastSeen lastSeen, TimeProvider time)
    {
        meter = new(archive.Storage);
        this.archive = archive.Through(meter);
        this.lastSeen = lastSeen;
        this.time = time;
    }

    /// <summary>Checks.</summary>
    /// <param name="request">What and how deep.</param>
    /// <param name="against">The store to compare with, opened, or null.</param>
    /// <param name="progress">Where the check stands.</param>
    /// <param name="cancellation">Cancels.</param>
    public async Task<VerifyReport> RunAsync(VerifyRequest request, ICheckpointSource? against, RunProgress progress, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        progress.Enter(RunState.Verifying);
        var catalog = await BackupCatalog.LoadAsync(archive, cancellation, anew: true);
        var findings = new FindingList();
        IReadOnlyList<SealLink> backups = request.BackupId is { } id ? [catalog.Find(id)] : [.. catalog.Sealed, .. catalog.Derived];
        long objects = 0, threads = 0, read = 0;
        var logs = new Dictionary<string, TickChain>(StringComparer.Ordinal);
        if (request.BackupId is null)
        {
            await CheckArchiveAsync(catalog, findings, cancellation);
            foreach (var source in await TickChain.SourcesAsync(archive, cancellation)) logs.Add(source, await TickChain.LoadAsync(archive, source, cancellation, levels: false));
            foreach (var gone in lastSeen.Check(archive, logs)) findings.Add(gone.ObjectName, gone.Offset, gone.Problem, null, [], -1, gone.Hint!);
            foreach (var (source, chain) in logs) objects += await new LogCheck(archive, source, findings).RunAsync(chain, request.Deep, cancellation);
        }
        var differences = new FindingList();
        var derived = new FindingList();
        foreach (var (number, link) in backups.Index())
        {
            FindingList found;
            do
            {
                found = new();
                BackupChain chain;
                try
                {
                    chain = await BackupChain.LoadAsCapturedAsync(catalog, await catalog.ReadManifestAsync(link, cancellation), cancellation);
                    if (link.Seal.Supersedes is { } of) await CheckEqualAsync(catalog, chain.Newest, of, cancellation);
                }
                catch (DamageException damage)
                {
                    found.Add(damage, link.Seal.Run, [], -1);
                    break;
                }
                var manifest = chain.Newest;
                // As many for each backup that is left: how many those have is known when they are read. Without data no thread is read.
                progress.Expect(backups.Count, request.Deep ? read + (manifest.Totals.Threads * (backups.Count - number)) : 0);
                objects += await new QuickCheck(archive, manifest, found).RunAsync(request.Deep, cancellation);
                if (request.Deep) read += await new DeepCheck(archive, chain, found, progress).RunAsync(cancellation);
                if (against is not null) threads += await new AgainstCheck(archive, chain, against, request.Against!, differences, time.GetUtcNow()).RunAsync(cancellation);
            }
            while (PassesOver(catalog, link, found));
            if (link.Seal.Supersedes is null) findings.AddAll(found);
            else derived.AddAll(found);
            progress.ShardDone();
        }
        // A derived backup that was passed over while others were read through it has been, or is, named by its own check.
        foreach (var damage in catalog.PassedOver) derived.Add(damage, ObjectNames.RunOf(damage.ObjectName)?.Value, []);
        findings.AddDerived(derived);
        var report = new VerifyReport
        {
            Ok = findings.All.Count == 0 && differences.All.Count == 0, Depth = request.Deep ? "deep" : "quick", DataRead = request.Deep,
            Backups = backups.Where(b => b.Seal.Supersedes is null).Select(b => b.Seal.Run).ToList(), Derived = backups.Where(b => b.Seal.Supersedes is not null).Select(b => b.Seal.Run).ToList(), Objects = objects, BytesRead = meter.BytesRead, Threads = read + threads,
            Findings = findings.All, Differences = differences.All, Seconds = time.GetElapsedTime(started).TotalSeconds,
        };
        if (request.BackupId is null && findings.All.Count == 0) lastSeen.Remember(archive, catalog.Chain, logs);
        progress.Finish(null, null);
        return report;
    }

    // What a derived backup below it has is told of that one; the backup is looked at again, through what that one was made of.
    private static bool PassesOver(BackupCatalog catalog, SealLink link, FindingList found) =>
        found.All.Count(f => ObjectNames.RunOf(f.Object) is { Value: var run } && run != link.Seal.Run && catalog.PassOver(new(f.Object, f.Offset, f.Problem))) > 0;

    // What is read in its place must be the very state.
    private static async Task CheckEqualAsync(BackupCatalog catalog, BackupManifest derived, Supersession of, CancellationToken cancellation)
    {
        var place = ObjectNames.Run(new(derived.BackupId));
        if (derived.Derived?.BackupId != of.BackupId) throw new DamageException(place, 0, $"its seal says that it was made of {of.BackupId}, its manifest does not");
        if (catalog.Captured(of.BackupId) is not { } link) return; // removed, or its seal is damaged and has a finding of its own
        if (!(await catalog.ReadManifestAsync(link, cancellation)).StateRoot.AsSpan().SequenceEqual(derived.StateRoot)) throw new DamageException(place, 0, $"it is not the state of backup {of.BackupId}, which it was made of");
    }

    private async Task CheckArchiveAsync(BackupCatalog catalog, FindingList findings, CancellationToken cancellation)
    {
        foreach (var damage in catalog.Chain.Problems) findings.Add(damage, null, [], -1);
        foreach (var gone in lastSeen.Check(archive, catalog.Chain)) findings.Add(gone.ObjectName, gone.Offset, gone.Problem, null, [], -1, gone.Hint!);
        foreach (var damage in await archive.CheckKeysAsync(cancellation)) findings.Add(damage, null, []);
        await VectorCheck.RunAsync(catalog, findings, cancellation);
        foreach (var damage in await SealPages.CheckAsync(archive, catalog.Chain, cancellation))
            findings.Add(damage.ObjectName, damage.Offset, damage.Problem, null, [], 0, "No backup is affected: a page only repeats seals, which are read themselves where it fails. Restore it from a replica, or delete it.");
        foreach (var damage in (await DeadMarks.LoadAsync(archive, cancellation)).Problems)
            findings.Add(damage.ObjectName, damage.Offset, damage.Problem, null, [], 0,
                "No backup is affected: this mark counts for nothing. Restore it from a replica, or delete it when that run is surely over: 'backup archive collect' marks what is still inert anew.");
    }
}
