using System.Runtime.CompilerServices;
using Backup.Abstractions;
using Backup.Contracts;
using Backup.Hosting;
using Backup.Hosting.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Backup.Cli.Runners;

/// <summary>A client of a cluster: the silos do the work, and go on with it when this process ends.</summary>
internal sealed class ClusterRunner : IBackupRunner
{
    private const string Unknown = "It may have been taken on all the same: look with 'backup run list' before you run the command again.";
    private readonly IHost host;
    private readonly IGrainFactory grains;
    private readonly ClusterRuns runs;
    private readonly BackupOptions options;
    private readonly TimeProvider time;

    private ClusterRunner(IHost host, BackupOptions options, TimeProvider time)
    {
        (this.host, this.options, this.time) = (host, options, time);
        grains = host.Services.GetRequiredService<IGrainFactory>();
        runs = new(grains, time);
    }

    /// <summary>Joins the cluster.</summary>
    /// <exception cref="BackupException">Unreachable: no silo answers. Usage: a setting is wrong.</exception>
    public static async Task<ClusterRunner> ConnectAsync(BackupOptions options, TimeProvider time, CancellationToken cancellation)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.AddBackupClient(options);
        var host = builder.Build();
        try
        {
            await host.ConnectAsync(cancellation);
            return new(host, options, time);
        }
        catch
        {
            await DisposeAsync(host);
            throw;
        }
    }

    public Task<ArchiveInitReport> InitArchiveAsync(string archive, CancellationToken cancellation) =>
        ClusterErrors.GuardAsync(Catalog(archive).InitAsync(), cancellation, "It may have been made all the same: see 'backup archive check'.");

    public Task<ArchiveCheckReport> CheckArchiveAsync(string archive, CancellationToken cancellation) => ClusterErrors.GuardAsync(Catalog(archive).CheckAsync(), cancellation);

    public Task<CollectReport> CollectAsync(CollectRequest request, CancellationToken cancellation) =>
        ClusterErrors.GuardAsync(Catalog(request.Archive).CollectAsync(request), cancellation, "It may be going on all the same. Run the same command again: collecting twice does no harm.");

    public async Task<RunStatus> CreateAsync(BackupRequest request, bool detach, IProgress<RunStatus> progress, CancellationToken cancellation)
    {
        var run = await ClusterErrors.GuardAsync(grains.GetGrain<IBackupManagerGrain>(GrainKeys.Source(request.Source)).StartAsync(request), cancellation, Unknown);
        return detach ? run : await runs.FollowAsync(run, progress, cancellation);
    }

    public Task<CutVector> SealVectorAsync(CutVectorRequest request, CancellationToken cancellation) =>
        ClusterErrors.GuardAsync(Catalog(request.Archive).SealVectorAsync(request), cancellation, "It may be recorded all the same: see 'backup list --vectors'.");

    public Task<IReadOnlyList<CutVector>> VectorsAsync(string archive, CancellationToken cancellation) => ClusterErrors.GuardAsync(Catalog(archive).VectorsAsync(), cancellation);

    public async Task<CompactReport> CompactAsync(CompactRequest request, IProgress<RunStatus> progress, CancellationToken cancellation)
    {
        CompactReport? report = null;
        await foreach (var status in ClusterErrors.GuardAsync(Catalog(request.Archive).CompactAsync(request), cancellation))
        {
            progress.Report(status);
            report = status.Compaction;
        }
        return report ?? throw new BackupException(ErrorKind.Unreachable, "the silo that compacted the archive has left", "Run the same command again: it goes on from what is there.");
    }

    public Task<IReadOnlyList<BackupSummary>> ListAsync(string archive, string? source, CancellationToken cancellation) =>
        ClusterErrors.GuardAsync(Catalog(archive).ListAsync(source), cancellation);

    public Task<BackupSummary> ShowAsync(string archive, string backup, CancellationToken cancellation) => ClusterErrors.GuardAsync(Catalog(archive).ShowAsync(backup), cancellation);

    public async Task<VerifyReport> VerifyAsync(VerifyRequest request, IProgress<RunStatus> progress, CancellationToken cancellation)
    {
        VerifyReport? report = null;
        await foreach (var update in ClusterErrors.GuardAsync(Catalog(request.Archive).VerifyAsync(request), cancellation))
        {
            progress.Report(update.Status);
            report = update.Report;
        }
        return report ?? throw new BackupException(ErrorKind.Unreachable, "the silo that checked the archive has left", "Run the same command again.");
    }

    public Task<RestorePlan> PlanAsync(RestoreRequest request, CancellationToken cancellation) => ClusterErrors.GuardAsync(Catalog(request.Archive).PlanAsync(request), cancellation);

    public async Task<RestoreReport> RestoreAsync(RestoreRequest request, IProgress<RunStatus> progress, CancellationToken cancellation)
    {
        var run = await ClusterErrors.GuardAsync(grains.GetGrain<IRestoreManagerGrain>(GrainKeys.Target(request.Target)).StartAsync(request), cancellation, Unknown);
        return (await runs.FollowAsync(run, progress, cancellation)).Restore!;
    }

    public IAsyncEnumerable<ThreadView> ListThreadsAsync(string archive, string source, CancellationToken cancellation) =>
        ClusterErrors.GuardAsync(Catalog(archive).ThreadsAsync(source), cancellation);

    public Task<ThreadDelta> ShowThreadAsync(string archive, string source, string thread, CancellationToken cancellation) =>
        ClusterErrors.GuardAsync(Thread(source, thread).DeltaAsync(archive), cancellation);

    public Task<ThreadCapture> BackUpThreadAsync(string archive, string source, string thread, IProgress<RunStatus> progress, CancellationToken cancellation) =>
        ClusterErrors.GuardAsync(Thread(source, thread).BackUpNowAsync(archive, time, new ThreadBackupProgress(source, progress, time), cancellation), cancellation);

    public Task<IReadOnlyList<CheckpointView>> HistoryAsync(string archive, string source, string thread, CancellationToken cancellation) =>
        ClusterErrors.GuardAsync(Catalog(archive).HistoryAsync(source, thread), cancellation);

    public Task<StateView> ThreadStateAsync(ThreadStateRequest request, CancellationToken cancellation) => ClusterErrors.GuardAsync(Catalog(request.Archive).ThreadStateAsync(request), cancellation);

    public Task<ThreadDifference> ThreadDifferenceAsync(ThreadDifferenceRequest request, CancellationToken cancellation) =>
        ClusterErrors.GuardAsync(Catalog(request.Archive).ThreadDifferenceAsync(request), cancellation);

    public async Task<LogStatus> LogStatusAsync(string? archive, string source, CancellationToken cancellation)
    {
        var kept = await ClusterErrors.GuardAsync(grains.GetGrain<IChangeLogGrain>(GrainKeys.Source(source)).StatusAsync(), cancellation);
        var name = archive ?? kept.Archive ?? options.LogArchive(source) ?? options.ArchiveName(null);
        var owner = kept.State == LogState.Off || name != kept.Archive ? null : kept;
        var stored = await ClusterErrors.GuardAsync(Catalog(name).LogAsync(source), cancellation);
        if (owner is not null) return owner with { Recoverable = stored.Recoverable, Gaps = stored.Gaps, NeedsBase = owner.NeedsBase ?? stored.NeedsBase };
        return stored.LastClosed is null ? throw NoLog.Error(source, name) : stored with { State = LogState.Off };
    }

    public Task<IReadOnlyList<RunStatus>> ListRunsAsync(CancellationToken cancellation) => runs.ListAsync(cancellation);

    public Task<RunStatus> ShowRunAsync(string run, CancellationToken cancellation) => runs.FindAsync(run, cancellation);

    public async IAsyncEnumerable<RunStatus> WatchRunAsync(string run, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var found = await runs.FindAsync(run, cancellation);
        await foreach (var status in runs.WatchAsync(found, cancellation)) yield return status;
    }

    public async Task<RunStatus> CancelRunAsync(string run, CancellationToken cancellation) => await runs.CancelAsync(await runs.FindAsync(run, cancellation), cancellation);

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        await DisposeAsync(host);
    }

    private static ValueTask DisposeAsync(IHost host) => ((IAsyncDisposable)host).DisposeAsync();

    private ICheckpointThreadGrain Thread(string source, string thread) => grains.GetGrain<ICheckpointThreadGrain>(GrainKeys.Thread(source, thread));

    private IBackupCatalogGrain Catalog(string archive) => grains.GetGrain<IBackupCatalogGrain>(GrainKeys.Archive(archive));
}
