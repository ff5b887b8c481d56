using Backup.Checkpoints.Stores;
using Backup.Engine.Stores;

namespace Backup.Grains.Workers;

/// <summary>The cuts this silo holds, one for each run it works for: a keeper of the snapshot that outlives the silo that took it.</summary>
internal sealed class KeptCuts(ICheckpointStores stores) : IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private readonly Dictionary<string, (string Fingerprint, ICheckpointSource Source, ISourceCut Cut)> cuts = [];

    /// <summary>Lets workers of this silo use the coordinator's own cut until it is disposed.</summary>
    public async Task<IAsyncDisposable> OfferAsync(string run, string fingerprint, ICheckpointSource source, ISourceCut cut)
    {
        await ReleaseAsync(run);
        await gate.WaitAsync();
        try
        {
            cuts[run] = (fingerprint, source, cut);
        }
        finally
        {
            gate.Release();
        }
        return new Offer(this, run);
    }

    /// <summary>The run's cut: the one held already, or joined by one of its tokens.</summary>
    /// <exception cref="CutLostException">Nobody holds it any more.</exception>
    public async Task<ISourceCut> JoinAsync(string run, string fingerprint, string sourceName, IEnumerable<string> tokens, CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            if (cuts.TryGetValue(run, out var held) && held.Fingerprint == fingerprint) return held.Cut;
            if (cuts.Remove(run, out var old)) await CloseAsync(old.Source, old.Cut);
            var source = await stores.OpenSourceAsync(sourceName, cancellation);
            CutLostException? lost = null;
            foreach (var token in tokens)
            {
                try
                {
                    var cut = await source.JoinCutAsync(token, cancellation);
                    cuts[run] = (fingerprint, source, cut);
                    return cut;
                }
                catch (CutLostException error)
                {
                    lost = error;
                }
            }
            await source.DisposeAsync();
            throw lost ?? new CutLostException("none");
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Lets go of a run's cut.</summary>
    public async Task ReleaseAsync(string run)
    {
        await gate.WaitAsync();
        try
        {
            if (cuts.Remove(run, out var held)) await CloseAsync(held.Source, held.Cut);
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var run in cuts.Keys.ToList()) await ReleaseAsync(run);
        gate.Dispose();
    }

    private static async Task CloseAsync(ICheckpointSource source, ISourceCut cut)
    {
        await cut.DisposeAsync();
        await source.DisposeAsync();
    }

    private sealed class Offer(KeptCuts kept, string run) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => new(kept.ReleaseAsync(run));
    }
}
