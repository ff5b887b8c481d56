namespace Backup.Tests.Recovery.Kills;

/// <summary>Where silos are killed: a few places in every run of the tests, all of them where <c>RECOVERY</c> is <c>all</c> (tests/proof.sh recovery).</summary>
public static class Places
{
    private static readonly bool All = Environment.GetEnvironmentVariable("RECOVERY") == "all";

    // A shard's places are reached by workers, of which the coordinator's silo has some too; the others by the coordinator alone.
    public static TheoryData<string> OfBackups() => Of(["worker.shard:2", "seal.manifest"],
        ["run.cut", "run.claimed", "worker.shard", "worker.shard:3", "capture.segment:2", "capture.shard:2", "capture.result:2", "seal.index", "seal.seal"]);

    public static TheoryData<string> OfRestores() => Of(["restore.window:3"], ["restore.settled", "restore.open", "restore.window", "restore.loaded", "restore.committed"]);

    public static TheoryData<string> OfFreezing() => Of(["seal.manifest:1:stop"], ["capture.result:2:stop"]);

    private static TheoryData<string> Of(string[] few, string[] more) => [.. few, .. All ? more : []];
}
