using System.Runtime.CompilerServices;
using Backup.Cli.Runners;
using Backup.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace Backup.Tests.Tool.Surface;

/// <summary>Answers what a test tells it to, and keeps what it was asked.</summary>
internal sealed class FakeRunner : IBackupRunner
{
    public const string BackupId = "20260102t030405006-abcdefgh";
    public static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public List<object> Asked { get; } = [];
    public Exception? Fails { get; set; }

    /// <summary>The source whose backup fails.</summary>
    public string? FailsFor { get; set; }

    /// <summary>The store that a check finds a difference of, and that goes on after the third restore.</summary>
    public string? DiffersFrom { get; set; }

    /// <summary>True when a check finds nothing of it any more.</summary>
    public bool DifferencesGone { get; set; }
    public bool Disposed { get; private set; }
    public FakeTimeProvider Clock { get; } = new();

    /// <summary>Seconds that each restore takes from now on; backups are numbered from 1 with it.</summary>
    public IReadOnlyList<double> Takes
    {
        get;
        set => (field, created, restored) = (value, 0, 0);
    } = [];

    private int created, restored;

    public BackupSummary Backup { get; set; } = new()
    {
        BackupId = BackupId, Strategy = "full", Source = "prod", SourceKind = "postgres", CutTime = Time, Threads = 1234, Records = 56789,
        RawBytes = 404_000_000, StoredBytes = 11_300_000, Seconds = 1.4, StateRoot = "beef", Warnings = [],
    };

    public RunStatus Run { get; set; } = new()
    {
        RunId = BackupId, Kind = RunKind.Backup, Store = "prod", Archive = "main", State = RunState.Capturing, Started = Time, Updated = Time, Advanced = Time,
        Threads = 10, ThreadsExpected = 100,
    };

    public RestorePlan Plan { get; set; } = new() { BackupId = BackupId, CutTime = Time, Target = "spare", Threads = 5, Records = 50, RawBytes = 5000, BytesToRead = 900, Reads = 3 };

    public RestoreReport Restored { get; set; } = new() { RunId = "20260102t030405007-abcdefgh", BackupId = BackupId, CutTime = Time, Target = "spare", Threads = 5, Records = 50, Untouched = 7, Exact = true, Seconds = 0.5, BytesRead = 900, Reads = 3 };

    public VerifyReport Verified { get; set; } = new() { Ok = true, Depth = "quick", Backups = [BackupId], Objects = 4 };

    public ArchiveCheckReport Checked { get; set; } = new() { Archive = "main", ArchiveId = "a1", Location = "/a", Format = 1, Backups = 2, Objects = 9, Bytes = 1000, Keys = ["file"] };

    public IReadOnlyList<string> Threads { get; set; } = ["t1", "t2"];

    public Exception? ThreadsFailAfter { get; set; }

    public Task<ArchiveInitReport> InitArchiveAsync(string archive, CancellationToken cancellation) =>
        Answer(new ArchiveInitReport { Archive = archive, ArchiveId = "a1", Location = "/a", Format = 1, KeyFileMade = "/k" }, archive);

    public Task<ArchiveCheckReport> CheckArchiveAsync(string archive, CancellationToken cancellation) => Answer(Checked, archive);

    public CollectReport Collected { get; set; } = new() { Archive = "main", Location = "/a", Marked = [], Swept = [], Waiting = [] };

    public Task<CollectReport> CollectAsync(CollectRequest request, CancellationToken cancellation) => Answer(Collected with { DryRun = request.DryRun }, request);

    public async Task<RunStatus> CreateAsync(BackupRequest request, bool detach, IProgress<RunStatus> progress, CancellationToken cancellation)
    {
        progress.Report(Run);
        if (request.Source == FailsFor) throw new BackupException(ErrorKind.Unreachable, "no answer", "Start it.");
        var backup = Takes.Count == 0 || request.Source != "prod" ? Backup : Backup with { BackupId = $"20260102t03040500{++created}-abcdefgh" };
        if (request.Source == DiffersFrom && Asked.OfType<RestoreRequest>().Count() >= 3) backup = backup with { StateRoot = $"{Asked.Count}" };
        return await Answer(detach ? Run : Run with { State = RunState.Done, Backup = backup }, request);
    }

    public Task<CutVector> SealVectorAsync(CutVectorRequest request, CancellationToken cancellation) => Answer(
        Vector with { Cuts = [.. request.BackupIds.Select((id, i) => new SourceCut { Source = $"s{i}", BackupId = id, CutTime = Time, Present = true })] }, request);

    public Task<IReadOnlyList<CutVector>> VectorsAsync(string archive, CancellationToken cancellation) => Answer<IReadOnlyList<CutVector>>([Vector], archive);

    public CutVector Vector { get; set; } = new()
    {
        VectorId = "20260102t030405009-abcdefgh", Archive = "main", Begun = Time, SpreadSeconds = 0.25,
        Cuts = [new() { Source = "crm", BackupId = BackupId, CutTime = Time, CutPosition = "0/1A", Present = true }, new() { Source = "prod", BackupId = "20260102t030405008-abcdefgh", CutTime = Time }],
    };

    public CompactReport Compacted { get; set; } = new() { Source = "prod", Archive = "main", Derived = [], LayersBefore = 3, LayersAfter = 3 };

    public Task<CompactReport> CompactAsync(CompactRequest request, IProgress<RunStatus> progress, CancellationToken cancellation) => Answer(Compacted with { DryRun = request.DryRun }, request);

    public Task<IReadOnlyList<BackupSummary>> ListAsync(string archive, string? source, CancellationToken cancellation) => Answer<IReadOnlyList<BackupSummary>>([Backup], (archive, source));

    public Task<BackupSummary> ShowAsync(string archive, string backup, CancellationToken cancellation) => Answer(Backup, (archive, backup));

    public Task<VerifyReport> VerifyAsync(VerifyRequest request, IProgress<RunStatus> progress, CancellationToken cancellation) => Answer(request.Against is { } store && store == DiffersFrom && !DifferencesGone
        ? Verified with { Ok = false, Differences = [new() { Object = store, Offset = 0, Problem = "thread 't1': it is in the store but not in the backup", Threads = ["t1"], ThreadCount = 1 }] } : Verified, request);

    public Task<RestorePlan> PlanAsync(RestoreRequest request, CancellationToken cancellation) => Answer(Plan, ("plan", request));

    public Task<RestoreReport> RestoreAsync(RestoreRequest request, IProgress<RunStatus> progress, CancellationToken cancellation)
    {
        if (Takes.Count > 0) Clock.Advance(TimeSpan.FromSeconds(Takes[restored++]));
        return Answer(Restored, request);
    }

    public async IAsyncEnumerable<ThreadView> ListThreadsAsync(string archive, string source, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Answer(0, (archive, source));
        foreach (var thread in Threads) yield return View(thread);
        if (ThreadsFailAfter is { } error) throw error;
    }

    public ThreadDelta Delta { get; set; } = new()
    {
        Source = "prod", Archive = "main", ThreadId = "t1", Captured = new() { BackupId = BackupId, Time = Time, Exists = true, Checkpoints = 3, Digest = "00112233445566778899" },
        Pending = new(PendingState.Pending, Time.AddMinutes(1), 90), Backups = [View("t1")],
    };

    public Task<ThreadDelta> ShowThreadAsync(string archive, string source, string thread, CancellationToken cancellation) => Answer(Delta with { ThreadId = thread }, (archive, source, thread));

    public Task<ThreadCapture> BackUpThreadAsync(string archive, string source, string thread, IProgress<RunStatus> progress, CancellationToken cancellation) =>
        Answer(Delta.Captured!, ("backup", archive, source, thread));

    public Task<IReadOnlyList<CheckpointView>> HistoryAsync(string archive, string source, string thread, CancellationToken cancellation) =>
        Answer<IReadOnlyList<CheckpointView>>([new CheckpointView { Namespace = "", CheckpointId = "c1", Time = Time, Source = "loop", Step = 2, Writes = 1, FirstBackupId = BackupId, FirstCutTime = Time, LastBackupId = BackupId, LastCutTime = Time, InLatest = true }], (archive, source, thread));

    public StateView State { get; set; } = new()
    {
        ThreadId = "t1", BackupId = BackupId, CutTime = Time, Namespace = "", CheckpointId = "c1", Envelope = new("{\"v\": 4}"), Metadata = new("{\"step\": 2}"), Channels = [], Writes = [],
    };

    public ThreadDifference Difference { get; set; } = new()
    {
        ThreadId = "t1", From = new() { BackupId = BackupId, CutTime = Time }, To = new() { BackupId = BackupId, CutTime = Time }, Records = [], Checkpoints = [], Channels = [], Writes = [],
    };

    public Task<StateView> ThreadStateAsync(ThreadStateRequest request, CancellationToken cancellation) => Answer(State, request);

    public Task<ThreadDifference> ThreadDifferenceAsync(ThreadDifferenceRequest request, CancellationToken cancellation) => Answer(Difference, request);

    public LogStatus Log { get; set; } = new()
    {
        Source = "prod", Archive = "main", State = LogState.Running, LagSeconds = 1.5, LagBytes = 2_000_000, LastClosed = new("16/B374D848", Time), Owner = "silo-a", Epoch = 3, NeedsBase = false,
        Recoverable = [new(Time.AddHours(-5), Time.AddHours(-2)), new(Time.AddHours(-1), Time)], Gaps = [new(Time.AddHours(-2), Time.AddHours(-1), "the slot was not there")],
    };

    public Task<LogStatus> LogStatusAsync(string? archive, string source, CancellationToken cancellation) => Answer(Log, (archive, source));

    public Task<IReadOnlyList<RunStatus>> ListRunsAsync(CancellationToken cancellation) => Answer<IReadOnlyList<RunStatus>>([Run], "runs");

    public Task<RunStatus> ShowRunAsync(string run, CancellationToken cancellation) => Answer(Run, run);

    public async IAsyncEnumerable<RunStatus> WatchRunAsync(string run, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Answer(0, run);
        yield return Run with { State = RunState.Capturing };
        yield return Run;
    }

    public Task<RunStatus> CancelRunAsync(string run, CancellationToken cancellation) => Answer(Run with { State = RunState.Cancelling }, run);

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        return default;
    }

    private static ThreadView View(string thread) => new() { ThreadId = thread, BackupId = BackupId, CutTime = Time, Checkpoints = 3, Blobs = 4, Writes = 5, RawBytes = 600, Digest = "00112233445566778899" };

    private Task<T> Answer<T>(T answer, object asked)
    {
        Asked.Add(asked);
        return Fails is null ? Task.FromResult(answer) : Task.FromException<T>(Fails);
    }
}
