using Backup.Abstractions;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Grains.Memory.Cuts;
using Orleans.Runtime;

namespace Backup.Grains.Memory;

/// <summary>Talks to the silos' parts of the memory stores.</summary>
internal sealed class MemorySilos(IGrainFactory grains, SiloMap map, SiloCuts cuts)
{
    public SiloMap Map => map;

    public IMemorySiloGrain Grain(SiloAddress silo) => grains.GetGrain<IMemorySiloGrain>(GrainKeys.MemorySilo(silo.ToParsableString()));

    /// <summary>The part of a cut that this silo holds itself; null for another's.</summary>
    /// <exception cref="CutLostException">It is not held any more.</exception>
    public MemorySnapshot? LocalPart(SiloAddress silo, string cut) => silo.Equals(map.Local) ? cuts.Find(cut) ?? throw new CutLostException(cut) : null;

    /// <summary>Asks one silo for its part of a cut.</summary>
    /// <exception cref="CutLostException">That silo is gone, or has let go of its part.</exception>
    /// <exception cref="BackupException">Unreachable: it does not answer now.</exception>
    public async Task<T> AskAsync<T>(SiloAddress silo, string cut, Func<IMemorySiloGrain, Task<T?>> ask)
        where T : class
    {
        try
        {
            return await ask(Grain(silo)) ?? throw new CutLostException(cut);
        }
        catch (Exception error) when (error is OrleansException or TimeoutException)
        {
            if (await map.IsGoneAsync(silo)) throw new CutLostException(cut, error);
            throw new BackupException(ErrorKind.Unreachable, $"silo {silo} does not answer: {error.Message}", "Try again.", error);
        }
    }

    /// <summary>Tells a silo something it finds out by itself when this does not reach it.</summary>
    public void Tell(SiloAddress silo, Func<IMemorySiloGrain, Task> tell) => _ = TellAsync(silo, tell);

    private async Task TellAsync(SiloAddress silo, Func<IMemorySiloGrain, Task> tell)
    {
        try
        {
            await tell(Grain(silo));
        }
        catch (Exception error) when (error is OrleansException or TimeoutException or BackupException or ObjectDisposedException or InvalidOperationException)
        {
            // Either silo may be going: what is held there has an end of its own.
        }
    }
}
