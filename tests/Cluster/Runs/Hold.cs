namespace Backup.Tests.Cluster.Runs;

/// <summary>Holds silos of this process at a place in their work with an archive, and cuts those off that are killed.</summary>
internal sealed class Hold
{
    private readonly Lock gate = new();
    private readonly HashSet<string> waiting = [];
    private readonly HashSet<string> dead = [];
    private TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? at;
    private int passes;

    /// <summary>The silos that are held now, by name.</summary>
    public IReadOnlyCollection<string> Waiting
    {
        get
        {
            lock (gate) return [.. waiting];
        }
    }

    /// <summary>From now on only so many operations of a kind pass, such as <c>commit .done</c> or <c>read .seg</c>; the others wait.</summary>
    public void Arm(string place, int pass)
    {
        lock (gate) (at, passes, open) = (place, pass, new(TaskCreationOptions.RunContinuationsAsynchronously));
    }

    /// <summary>Lets go of those that wait and of all that come.</summary>
    public void Release()
    {
        lock (gate)
        {
            at = null;
            waiting.Clear();
            open.TrySetResult();
        }
    }

    /// <summary>A silo whose process would be gone reads and writes nothing any more, whatever of it still runs in this one.</summary>
    public void Kill(string silo)
    {
        lock (gate) dead.Add(silo);
    }

    /// <summary>Passes a place.</summary>
    public async Task ReachAsync(string silo, string operation, string name, CancellationToken cancellation)
    {
        Task wait;
        lock (gate)
        {
            EnsureAlive(silo);
            if (at is null || !$"{operation} {Path.GetExtension(name)}".Equals(at, StringComparison.Ordinal) || passes-- > 0) return;
            waiting.Add(silo);
            wait = open.Task;
        }
        await wait.WaitAsync(cancellation);
        lock (gate) EnsureAlive(silo);
    }

    private void EnsureAlive(string silo)
    {
        if (dead.Contains(silo)) throw new IOException($"silo {silo} is dead");
    }
}
