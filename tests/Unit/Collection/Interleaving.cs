namespace Backup.Tests.Unit.Collection;

/// <summary>
/// Lets parties go on one at a time: each waits at its turns, and at each step one of those that wait is chosen. What is chosen is written down,
/// so that every order can be gone through, one after the other.
/// </summary>
internal sealed class Interleaving
{
    private readonly List<Party> parties = [];

    /// <summary>What was chosen at each step, and of how many.</summary>
    public List<(int Chosen, int Of)> Steps { get; } = [];

    /// <summary>Starts a party and waits until it comes to its first turn or its end.</summary>
    public async Task<Task> StartAsync(Func<Party, Task> work)
    {
        var party = new Party();
        parties.Add(party);
        party.Work = Task.Run(() => work(party));
        await party.RestsAsync();
        return party.Work;
    }

    /// <summary>Goes on until all have come to their ends.</summary>
    /// <param name="choose">Chooses one of so many, at this step.</param>
    /// <param name="look">Called after each step.</param>
    public async Task RunAsync(Func<int, int, int> choose, Func<Task> look)
    {
        while (parties.Where(p => !p.Work.IsCompleted).ToList() is { Count: > 0 } waiting)
        {
            var chosen = choose(Steps.Count, waiting.Count);
            Steps.Add((chosen, waiting.Count));
            waiting[chosen].GoOn();
            await waiting[chosen].RestsAsync();
            await look();
        }
    }

    /// <summary>Every order of the steps, as choices to begin with; behind them always the first is chosen.</summary>
    public static async Task<int> ExploreAsync(Func<IReadOnlyList<int>, Task<IReadOnlyList<(int Chosen, int Of)>>> run)
    {
        var orders = 0;
        for (List<int>? begin = []; begin is not null; orders++)
        {
            var steps = (await run(begin)).ToList();
            while (steps.Count > 0 && steps[^1].Chosen + 1 == steps[^1].Of) steps.RemoveAt(steps.Count - 1);
            begin = steps.Count == 0 ? null : [.. steps.SkipLast(1).Select(s => s.Chosen), steps[^1].Chosen + 1];
        }
        return orders;
    }

    /// <summary>One of those that take turns.</summary>
    internal sealed class Party
    {
        private TaskCompletionSource turn = New(), rests = New();

        public Task Work { get; set; } = Task.CompletedTask;

        /// <summary>Waits for its turn.</summary>
        public Task TurnAsync()
        {
            turn = New();
            rests.SetResult();
            return turn.Task;
        }

        public Task RestsAsync() => Task.WhenAny(rests.Task, Work);

        public void GoOn()
        {
            rests = New();
            turn.SetResult();
        }

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
