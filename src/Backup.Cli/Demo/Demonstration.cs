using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Backup.Abstractions;
using Backup.Cli.Output;
using Backup.Contracts;
using Backup.Engine.Stores;

namespace Backup.Cli.Demo;

/// <summary>
/// Threads are made in the memory of a silo in this process and backed up; the silo ends, and its memory with it; another restores
/// them, and everything is compared.
/// </summary>
internal sealed class Demonstration(DemoSteps steps, DemoFolder folder, TimeProvider time, CancellationToken cancellation)
{
    private const int Threads = 300;
    private const int AtOnce = 16;
    private const string OneThread = "support-0042";

    public static async Task<DemoSummary> RunAsync(string? keep, DemoSteps steps, TimeProvider time, CancellationToken cancellation)
    {
        using var folder = new DemoFolder(keep);
        return await new Demonstration(steps, folder, time, cancellation).RunAsync();
    }

    private async Task<DemoSummary> RunAsync()
    {
        var started = time.GetTimestamp();
        var (silo, _) = await steps.RunAsync("starting a silo in this process", _ => StartAsync());
        (int Checkpoints, IReadOnlyDictionary<string, string> Content) made;
        double fillSeconds;
        BackupSummary backup;
        await using (silo)
        {
            var archive = silo.Grains.GetGrain<IBackupCatalogGrain>(GrainKeys.Archive(DemoFolder.Archive));
            await archive.InitAsync();
            (made, fillSeconds) = await steps.RunAsync($"making {Threads} threads", progress => FillAsync(silo, progress));
            var admitted = await silo.Grains.GetGrain<IBackupManagerGrain>(GrainKeys.Source(DemoFolder.Source)).StartAsync(new() { Source = DemoFolder.Source, Archive = DemoFolder.Archive });
            var (run, _) = await steps.RunAsync("backing them up", progress => FollowAsync(silo.Grains.GetGrain<IBackupRunGrain>(GrainKeys.Run(new(admitted.RunId))), progress));
            backup = run.Backup!;
        }
        (silo, _) = await steps.RunAsync("the silo is gone and its memory with it; starting another", _ => StartAsync());
        await using (silo)
        {
            var left = await CountAsync(silo);
            var all = new RestoreRequest { Archive = DemoFolder.Archive, BackupId = backup.BackupId, Target = DemoFolder.Source };
            var (restored, _) = await steps.RunAsync("restoring them", progress => RestoreAsync(silo, all, progress));
            var (verified, verifySeconds) = await steps.RunAsync("verifying every byte, and comparing", progress => VerifyAsync(silo, backup.BackupId, progress));
            var one = all with { Threads = [OneThread], NewThreadId = OneThread + "-as-it-was" };
            var (beside, _) = await steps.RunAsync("restoring one thread beside them", progress => RestoreAsync(silo, one, progress));
            var (same, _) = await steps.RunAsync("reading every thread again", _ => EqualsAsync(silo, made.Content));
            return new()
            {
                Exact = restored.Exact && beside.Exact && verified.Ok && same && restored.Threads == Threads,
                BackupId = backup.BackupId, Threads = Threads, Checkpoints = made.Checkpoints, Records = backup.Records, RawBytes = backup.RawBytes, StoredBytes = backup.StoredBytes,
                FillSeconds = fillSeconds, BackupSeconds = backup.Seconds, ThreadsAfterLoss = left, RestoreSeconds = restored.Seconds, ThreadsRestored = restored.Threads,
                OneThread = OneThread, OneThreadSeconds = beside.Seconds, OneThreadBytesRead = beside.BytesRead, OneThreadReads = beside.Reads,
                VerifySeconds = verifySeconds, VerifyBytesRead = verified.BytesRead, Findings = verified.Findings.Count + verified.Differences.Count,
                Seconds = time.GetElapsedTime(started).TotalSeconds, Archive = folder.Kept,
            };
        }
    }

    private Task<DemoSilo> StartAsync() => DemoSilo.StartAsync(folder.Options, cancellation);

    private async Task<(int, IReadOnlyDictionary<string, string>)> FillAsync(DemoSilo silo, IProgress<RunStatus> progress)
    {
        var content = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var checkpoints = 0;
        var start = time.GetUtcNow() - TimeSpan.FromDays(3);
        await Parallel.ForEachAsync(Enumerable.Range(0, Threads), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (i, _) =>
        {
            var id = $"support-{i.ToString("D4", CultureInfo.InvariantCulture)}";
            var thread = Thread(silo, id);
            Interlocked.Add(ref checkpoints, await new DemoThread(thread, new DemoRandom((ulong)i), start + TimeSpan.FromMinutes(i)).RunAsync());
            var digest = await DigestAsync(thread);
            lock (content)
            {
                content[id] = digest;
                progress.Report(new() { RunId = "", Store = DemoFolder.Source, Archive = DemoFolder.Archive, State = RunState.Loading, Threads = content.Count, ThreadsExpected = Threads });
            }
        });
        return (checkpoints, content);
    }

    private async Task<RunStatus> FollowAsync(IRunGrain run, IProgress<RunStatus> progress)
    {
        RunStatus last = null!;
        await foreach (var status in run.WatchAsync(time, cancellation)) progress.Report(last = status);
        return last.State == RunState.Done ? last : throw new BackupException(last.ErrorKind ?? ErrorKind.Failed, last.Error ?? "the run did not end well", last.Hint);
    }

    private async Task<RestoreReport> RestoreAsync(DemoSilo silo, RestoreRequest request, IProgress<RunStatus> progress)
    {
        var admitted = await silo.Grains.GetGrain<IRestoreManagerGrain>(GrainKeys.Target(request.Target)).StartAsync(request);
        return (await FollowAsync(silo.Grains.GetGrain<IRestoreRunGrain>(GrainKeys.Run(new(admitted.RunId))), progress)).Restore!;
    }

    private async Task<VerifyReport> VerifyAsync(DemoSilo silo, string backup, IProgress<RunStatus> progress)
    {
        VerifyUpdate last = null!;
        var request = new VerifyRequest { Archive = DemoFolder.Archive, BackupId = backup, Deep = true, Against = DemoFolder.Source };
        await foreach (var update in silo.Grains.GetGrain<IBackupCatalogGrain>(GrainKeys.Archive(DemoFolder.Archive)).VerifyAsync(request).WithCancellation(cancellation))
            progress.Report((last = update).Status);
        return last.Report!;
    }

    private async Task<long> CountAsync(DemoSilo silo)
    {
        await using var store = await silo.Service<ICheckpointStores>().OpenSourceAsync(DemoFolder.Source, cancellation);
        await using var cut = await store.CutAsync(cancellation);
        return await cut.ListAsync(cancellation).LongCountAsync(cancellation);
    }

    // Every thread as a client reads it, and the one that was restored beside its original.
    private async Task<bool> EqualsAsync(DemoSilo silo, IReadOnlyDictionary<string, string> content)
    {
        var differ = 0;
        await Parallel.ForEachAsync(content.Append(KeyValuePair.Create(OneThread + "-as-it-was", content[OneThread])), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (thread, _) =>
        {
            if (await DigestAsync(Thread(silo, thread.Key)) != thread.Value) Interlocked.Increment(ref differ);
        });
        return differ == 0;
    }

    private static ICheckpointThreadGrain Thread(DemoSilo silo, string id) => silo.Grains.GetGrain<ICheckpointThreadGrain>(GrainKeys.Thread(DemoFolder.Source, id));

    private static async Task<string> DigestAsync(ICheckpointThreadGrain thread)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var checkpoint in await thread.ListAsync(new()))
        {
            Add($"{checkpoint.Namespace}\n{checkpoint.CheckpointId}\n{checkpoint.ParentId}\n{checkpoint.Checkpoint}\n{checkpoint.Metadata}\n");
            foreach (var value in checkpoint.Values) AddValue($"{value.Channel}\n{value.Version}\n", value.Value);
            foreach (var write in checkpoint.Writes) AddValue($"{write.TaskId}\n{write.Index}\n{write.Channel}\n", write.Value);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Add(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text));

        void AddValue(string name, TypedValue value)
        {
            Add($"{name}{value.Type}\n{value.Value?.Length ?? -1}\n");
            hash.AppendData(value.Value ?? []);
        }
    }
}
