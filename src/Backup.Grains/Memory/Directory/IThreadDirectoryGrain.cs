using Orleans.Runtime;

namespace Backup.Grains.Memory.Directory;

/// <summary>
/// Who holds which units of a memory store: one of the listings the units are hashed over. Key: <see cref="Abstractions.GrainKeys.Directory"/>.
/// What it answers to a change is stored: a unit is known here before its first write is acknowledged, so that the loss of its silo
/// leaves it lost and not forgotten.
/// </summary>
[Alias("backup.IThreadDirectoryGrain")]
internal interface IThreadDirectoryGrain : IGrainWithStringKey
{
    /// <summary>The holders of units, null for those nobody holds.</summary>
    [Alias("Find")]
    Task<Holders> FindAsync(IReadOnlyList<string> units);

    /// <summary>Makes a silo the holder of a unit nobody holds; returns who holds it then.</summary>
    [Alias("Claim")]
    Task<SiloAddress> ClaimAsync(string unit, SiloAddress silo);

    /// <summary>Sets or removes holders, whoever held before; returns who did.</summary>
    [Alias("Assign")]
    Task<IReadOnlyList<SiloAddress?>> AssignAsync(IReadOnlyList<Holding> holdings);

    /// <summary>The units of holders outside <paramref name="silos"/>: their number and the first of them.</summary>
    [Alias("Strays")]
    Task<IReadOnlyList<Stray>> StraysAsync(IReadOnlyList<SiloAddress> silos);

    /// <summary>A silo hands its units over: nothing new is placed there.</summary>
    [Alias("Leaving")]
    Task LeavingAsync(SiloAddress silo);
}

/// <summary>Who holds units.</summary>
/// <param name="Silos">The holder of each unit asked for, or null.</param>
/// <param name="Leaving">Silos that take nothing new.</param>
[GenerateSerializer, Immutable, Alias("backup.Holders")]
internal sealed record Holders([property: Id(0)] IReadOnlyList<SiloAddress?> Silos, [property: Id(1)] IReadOnlyList<SiloAddress> Leaving);

/// <summary>A unit and its holder.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="Silo">Its holder, or null for none.</param>
[GenerateSerializer, Immutable, Alias("backup.Holding")]
internal sealed record Holding([property: Id(0)] string Unit, [property: Id(1)] SiloAddress? Silo);

/// <summary>Units of one holder.</summary>
/// <param name="Silo">The holder.</param>
/// <param name="Count">How many.</param>
/// <param name="First">The first of them, in order.</param>
[GenerateSerializer, Immutable, Alias("backup.Stray")]
internal sealed record Stray([property: Id(0)] SiloAddress Silo, [property: Id(1)] int Count, [property: Id(2)] IReadOnlyList<string> First);
