using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Stores;

namespace Backup.Grains.Workers;

/// <summary>
/// The cuts this silo holds, one for each run it works for: a keeper of the snapshot that outlives the silo that took it.
/// What its run does not ask for any more is let go of.
/// </summary>
internal sealed class KeptCuts : IAsyncDisposable
{
    /// <summary>How long a cut is held without being asked for: longer than a run needs to come back on another silo.</summary>
    public static readonly TimeSpan LetGoAfter = TimeSpan.FromMinutes(3);
    private readonly ICheckpointStores stores;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim gate = new(1);
    private readonly Dictionary<string, Held> cuts = [];
    private readonly ITimer sweep;

    public KeptCuts(ICheckpointStores stores, TimeProvider time)
    {
        (this.stores, this.time) = (stores, time);
        sweep = time.CreateTimer(_ => _ = SweepAsync(), null, LetGoAfter / 6, LetGoAfter / 6);
    }

    /// <summary>Lets this silo's workers use the coordinator's own cut, which is theirs to close from now on.</summary>
    public async Task OfferAsync(RunCut run, ICheckpointSource source, ISourceCut cut)
    {
        using var entered = await EnterAsync(default);
        if (cuts.TryGetValue(run.RunId, out var old))
        {
            if (old.Epoch > run.Epoch) throw Overtaken(run);
            await old.CloseAsync();
        }
        cuts[run.RunId] = new(run.Fingerprint, run.Epoch, source, cut, time.GetTimestamp());
    }

    /// <summary>The run's cut: the one held already, or joined by one of its tokens.</summary>
    /// <exception cref="CutLostException">Nobody holds it any more.</exception>
    public async Task<KeptCut> JoinAsync(RunCut run, CancellationToken cancellation)
    {
        using var entered = await EnterAsync(cancellation);
        if (cuts.TryGetValue(run.RunId, out var held))
        {
            if (held.Epoch > run.Epoch) throw Overtaken(run);
            if (held.Fingerprint == run.Fingerprint)
            {
                cuts[run.RunId] = held with { Epoch = run.Epoch, Asked = time.GetTimestamp() };
                return new(held.Cut, held.LetGo);
            }
            cuts.Remove(run.RunId);
            await held.CloseAsync();
        }
        var source = await stores.OpenSourceAsync(run.Source, cancellation);
        try
        {
            var cut = await JoinAsync(source, run.Tokens, cancellation);
            var kept = cuts[run.RunId] = new(run.Fingerprint, run.Epoch, source, cut, time.GetTimestamp());
            return new(cut, kept.LetGo);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    /// <summary>Joins a cut by one of its tokens.</summary>
    /// <exception cref="CutLostException">Nobody holds it any more.</exception>
    public static async Task<ISourceCut> JoinAsync(ICheckpointSource source, IReadOnlyList<string> tokens, CancellationToken cancellation)
    {
        CutLostException? lost = null;
        foreach (var token in tokens)
        {
            try
            {
                return await source.JoinCutAsync(token, cancellation);
            }
            catch (CutLostException error)
            {
                lost = error; // the next may be held by another silo
            }
        }
        throw lost ?? new CutLostException("none");
    }

    /// <summary>Lets go of a run's cut and of the shards that are read at it, unless a newer owner than <paramref name="epoch"/> uses it.</summary>
    public async Task ReleaseAsync(string run, int epoch)
    {
        using var entered = await EnterAsync(default);
        if (cuts.TryGetValue(run, out var held) && held.Epoch <= epoch && cuts.Remove(run)) await held.CloseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await sweep.DisposeAsync();
        using var entered = await EnterAsync(default);
        foreach (var held in cuts.Values) await held.CloseAsync();
        cuts.Clear();
    }

    private async Task SweepAsync()
    {
        using var entered = await EnterAsync(default);
        foreach (var (run, held) in cuts.Where(c => time.GetElapsedTime(c.Value.Asked) > LetGoAfter).ToList())
        {
            cuts.Remove(run);
            await held.CloseAsync();
        }
    }

    private async Task<IDisposable> EnterAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        return new Entered(gate);
    }

    private static OwnershipLostException Overtaken(RunCut run) => new($"run {run.RunId} has a newer owner");

    private sealed record Held(string Fingerprint, int Epoch, ICheckpointSource Source, ISourceCut Cut, long Asked)
    {
        private readonly CancellationTokenSource letGo = new();

        public CancellationToken LetGo => letGo.Token;

        public async ValueTask CloseAsync()
        {
            await letGo.CancelAsync();
            await Cut.DisposeAsync();
            await Source.DisposeAsync();
        }
    }

    private sealed class Entered(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}

/// <summary>A cut as it is kept for the workers of this silo.</summary>
/// <param name="Cut">The cut.</param>
/// <param name="LetGo">Cancelled when the silo lets go of it.</param>
internal sealed record KeptCut(ISourceCut Cut, CancellationToken LetGo);
