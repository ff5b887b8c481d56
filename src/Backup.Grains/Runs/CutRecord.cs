using Backup.Checkpoints.Stores;

namespace Backup.Grains.Runs;

/// <summary>A backup's cut as its coordinator knows it: joined again by any of its tokens while somebody holds it.</summary>
/// <param name="Number">Which cut of the run it is, from 1.</param>
/// <param name="Description">What the cut is of.</param>
/// <param name="Fingerprint">Names the cut; shard results carry it.</param>
/// <param name="Shards">The plan.</param>
/// <param name="Tokens">Handles by which it can be joined.</param>
public sealed record CutRecord(int Number, CutDescription Description, string Fingerprint, IReadOnlyList<Shard> Shards, IReadOnlyList<string> Tokens);
