using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Archive.Keys;
using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Engine.Capture;
using Backup.Engine.Progress;
using Backup.Engine.Verify;
using Backup.Storage;
using Backup.Tests.Unit.Engine;
using Microsoft.Extensions.Time.Testing;

namespace Backup.Tests.Unit.Collection;

/// <summary>
/// An owner that was frozen behind its manifest for longer than any age wakes up while collections go on. In every order of their steps: a backup
/// that was reported stays, what can be seen is whole, and what is inert is gone in the end.
/// </summary>
public sealed class RaceTests : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(25);
    private readonly TemporaryArchive temporary = new();
    private readonly MemoryStorage start = new();
    private readonly DictionaryStore store = new DictionaryStore { Shards = 1 }.CopyOf(Samples.Store(1, steps: 1));
    private string older = "";
    private int reported, refused, removedLate;

    public async ValueTask InitializeAsync() =>
        older = (await TemporaryArchive.BackupAsync(await OpenedArchive.CreateAsync(start, Key, TimeProvider.System, default), store)).BackupId;

    [Theory]
    [InlineData(0)]
    [InlineData(10)] // less than half of what lies between mark and removal
    public async Task A_late_owner_and_two_steps_of_a_collection_in_every_order(int lagHours)
    {
        var orders = await Interleaving.ExploreAsync(async begin =>
        {
            var race = new Race(this, TimeSpan.FromHours(lagHours));
            await race.WriterAsync("late", BackupStrategyKind.Full, "/manifest-");
            race.Clock.Advance(Long);
            await race.CollectorAsync(2);
            await race.RunAsync((step, _) => step < begin.Count ? begin[step] : 0);
            return race.Steps;
        });
        Assert.True(orders > 500, $"{orders} orders");
        Assert.True(reported > 10 && refused > 10 && removedLate > 10, $"of {orders}: {reported} reported, {refused} refused, {removedLate} removed though sealed");
    }

    [Fact]
    public async Task A_late_owner_one_that_builds_on_it_and_two_collectors_in_many_orders()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var race = new Race(this, default);
            await race.WriterAsync("late", BackupStrategyKind.Full, "/manifest-");
            race.Clock.Advance(Long);
            // The second collector comes when the run was marked long ago: both remove it.
            await race.CollectorAsync(2);
            if (random.Next(2) == 0) await race.CollectorAsync(2);
            await race.WriterAsync("late", BackupStrategyKind.Incremental, null);
            // Parties differ in speed, so that one may be through before another's next step.
            var weights = Enumerable.Range(0, 4).Select(_ => random.Next(1, 9)).ToArray();
            await race.RunAsync((_, of) =>
            {
                var at = random.Next(weights.Take(of).Sum());
                var chosen = 0;
                while ((at -= weights[chosen]) >= 0) chosen++;
                return chosen;
            });
        }
        Assert.True(reported > 10 && refused > 10 && removedLate > 1, $"{reported} reported, {refused} refused, {removedLate} removed though sealed");
    }

    public ValueTask DisposeAsync()
    {
        temporary.Dispose();
        return default;
    }

    private KeyFileKey Key => KeyFileKey.Parse(temporary.KeyContent, "key");

    private sealed class Race
    {
        private readonly RaceTests tests;
        private readonly TimeSpan lag;
        private readonly Interleaving turns = new();
        private readonly MemoryStorage storage;
        private readonly LastSeen lastSeen;
        private readonly List<(RunId Run, Task Work, BackupStrategyKind Strategy)> writers = [];
        private readonly List<Task> collectors = [];
        private readonly HashSet<string> seen = [];

        public Race(RaceTests tests, TimeSpan lag)
        {
            this.tests = tests;
            this.lag = lag;
            storage = MemoryStorage.Of(tests.start.Objects, Clock);
            lastSeen = new(Path.Combine(tests.temporary.Folder, Randomness.Token(8)));
        }

        public FakeTimeProvider Clock { get; } = new(DateTimeOffset.UnixEpoch.AddYears(60));

        public IReadOnlyList<(int Chosen, int Of)> Steps => turns.Steps;

        // Its own clock stands still: a machine that was suspended does not know for how long.
        public async Task WriterAsync(string source, BackupStrategyKind strategy, string? turnsFrom)
        {
            var progress = new RunProgress(new() { RunId = RunId.New(TimeProvider.System.GetUtcNow()).Value, Store = source, Archive = "a" }, TimeProvider.System);
            writers.Add((progress.Run, await turns.StartAsync(async party =>
            {
                var archive = await OpenAsync(new PartyStorage(storage, party, Clock, lag) { From = turnsFrom });
                await new BackupRun(archive, tests.store, new() { Source = source, Archive = "a", Strategy = strategy }, "writer", 1, TimeProvider.System).RunAsync(progress, default);
            }), strategy));
        }

        public async Task CollectorAsync(int calls) => collectors.Add(await turns.StartAsync(async party =>
        {
            var archive = new PartyStorage(storage, party, Clock, lag);
            for (var call = 0; call < calls; call++)
            {
                if (call > 0) Clock.Advance(Long);
                await CollectAsync(archive);
            }
        }));

        public async Task RunAsync(Func<int, int, int> choose)
        {
            await turns.RunAsync(choose, LookAsync);
            for (var i = 0; i < 4; i++)
            {
                Clock.Advance(Long);
                await CollectAsync(storage);
                await LookAsync();
            }
            await JudgeAsync();
        }

        private Task CollectAsync(IBackupStorage view) => new OneArchive(() => OpenAsync(view)).CollectAsync(lastSeen, Clock);

        private Task<OpenedArchive> OpenAsync(IBackupStorage view) => OpenedArchive.OpenAsync(view, tests.Key, 3, default);

        // What a reader sees at any moment is whole.
        private async Task LookAsync()
        {
            var catalog = await BackupCatalog.LoadAsync(await OpenAsync(storage), default);
            Assert.Empty(catalog.Chain.Problems);
            foreach (var link in catalog.Sealed)
            {
                var manifest = await catalog.ReadManifestAsync(link, default);
                Assert.DoesNotContain(manifest.Segments.Append(manifest.Index.Object), o => storage.Objects.GetValueOrDefault(o.Name)?.Length != o.Size);
                Assert.DoesNotContain(manifest.Working, o => storage.Objects.GetValueOrDefault(o.Object)?.Length != o.Size);
                seen.Add(link.Seal.Run);
            }
        }

        private async Task JudgeAsync()
        {
            await Task.WhenAll(collectors);
            var archive = await OpenAsync(storage);
            var catalog = await BackupCatalog.LoadAsync(archive, default);
            Assert.Contains(catalog.Sealed, link => link.Seal.Run == tests.older);
            foreach (var (run, work, strategy) in writers)
            {
                var there = catalog.Sealed.Any(link => link.Seal.Run == run.Value);
                if (work.IsCompletedSuccessfully)
                {
                    Assert.True(there, $"{run} was reported and is gone");
                    tests.reported++;
                }
                else
                {
                    var error = Assert.IsAssignableFrom<BackupException>(work.Exception!.InnerException);
                    if (strategy == BackupStrategyKind.Full) Assert.Equal(ErrorKind.Conflict, error.Kind);
                    tests.refused++;
                }
                if (there)
                {
                    var target = new DictionaryStore();
                    Assert.True((await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "a", BackupId = run.Value, Target = "t" })).Exact);
                    Assert.Equal(tests.store.Digests(), target.Digests());
                }
                else
                {
                    Assert.DoesNotContain(storage.Objects.Keys, name => name.StartsWith(ObjectNames.Run(run), StringComparison.Ordinal));
                    if (seen.Contains(run.Value)) tests.removedLate++;
                }
            }
            Assert.DoesNotContain(storage.Objects.Keys, name => name.StartsWith(ObjectNames.Clocks, StringComparison.Ordinal));
            var report = await new ArchiveVerifier(archive, lastSeen, TimeProvider.System).RunAsync(new() { Archive = "a", Deep = true }, null, TemporaryArchive.Progress(RunKind.Backup), default);
            Assert.Empty(report.Findings);
        }
    }
}
