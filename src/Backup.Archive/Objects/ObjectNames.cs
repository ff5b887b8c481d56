using System.Globalization;
using Backup.Contracts;

namespace Backup.Archive.Objects;

/// <summary>Names of an archive's objects (docs/format.md, Objects). The name is the logical id that every sealed object is bound to.</summary>
public static class ObjectNames
{
    /// <summary>The descriptor: what makes a folder or bucket an archive.</summary>
    public const string Descriptor = "archive";
    /// <summary>Prefix of the wrapped data keys.</summary>
    public const string Keys = "keys/";
    /// <summary>Prefix of the runs' objects.</summary>
    public const string Runs = "runs/";
    /// <summary>Prefix of the seals.</summary>
    public const string Seals = "seals/";
    /// <summary>Prefix of the pages of seals.</summary>
    public const string Pages = "pages/";
    /// <summary>Prefix of the marks of dead runs.</summary>
    public const string DeadRuns = "dead/";
    /// <summary>Prefix of the objects that are written to see what time it is at the storage, and deleted again.</summary>
    public const string Clocks = "clock/";

    /// <summary>Prefix of the change logs.</summary>
    public const string Logs = "logs/";

    /// <summary>Prefix of one run's objects.</summary>
    public static string Run(RunId run) => $"{Runs}{run}/";

    /// <summary>What the names of one attempt at a shard begin with.</summary>
    public static string Shard(RunId run, int shard, string attempt) => string.Create(CultureInfo.InvariantCulture, $"{Runs}{run}/s{shard:D5}-{attempt}");

    /// <summary>A segment of units.</summary>
    public static string SegmentOf(string prefix, int number) => string.Create(CultureInfo.InvariantCulture, $"{prefix}-{number:D5}.seg");

    /// <summary>The index of units.</summary>
    public static string IndexOf(string prefix) => $"{prefix}.idx";

    /// <summary>The result of one attempt at a shard.</summary>
    public static string ShardResult(RunId run, int shard, string attempt) =>
        $"{Shard(run, shard, attempt)}.done";

    /// <summary>The merged index of a run.</summary>
    public static string Index(RunId run, string attempt) => $"{Runs}{run}/index-{attempt}.idx";

    /// <summary>A page of the times at which units of a run go by themselves.</summary>
    public static string Expiries(RunId run, string attempt, int number) => string.Create(CultureInfo.InvariantCulture, $"{Runs}{run}/expiries-{attempt}-{number:D5}");

    /// <summary>The manifest of a run.</summary>
    public static string Manifest(RunId run, string attempt) => $"{Runs}{run}/manifest-{attempt}";

    /// <summary>True for the name of a manifest of any run.</summary>
    public static bool IsManifest(string name) => RunOf(name) is { } run && name.StartsWith($"{Run(run)}manifest-", StringComparison.Ordinal);

    /// <summary>A lease of a run: epoch of the owner, then a counter.</summary>
    public static string Lease(RunId run, int epoch, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{Runs}{run}/lease-{epoch:D6}-{number:D6}");

    /// <summary>A link of the seal chain.</summary>
    public static string Seal(long sequence, RunId run) =>
        string.Create(CultureInfo.InvariantCulture, $"{Seals}{sequence:D10}-{run}");

    /// <summary>A page of seals: the sequences of the first and the last, an attempt.</summary>
    public static string Page(long first, long last, string attempt) => string.Create(CultureInfo.InvariantCulture, $"{Pages}{first:D10}-{last:D10}-{attempt}");

    /// <summary>Prefix of the marks of one dead run.</summary>
    public static string Dead(RunId run) => $"{DeadRuns}{run}-";

    /// <summary>One mark of a dead run.</summary>
    public static string DeadMark(RunId run, string mark) => $"{Dead(run)}{mark}";

    /// <summary>An object that is written to see what time it is at the storage.</summary>
    public static string Clock(string token) => $"{Clocks}{token}";

    /// <summary>Prefix of the objects of a source's change log.</summary>
    public static string Log(string source) => $"{Logs}{source}/";

    /// <summary>Prefix of the close markers of a source's log; behind it names ascend as the markers follow one another: the last is the head.</summary>
    public static string Ticks(string source) => $"{Logs}{source}/ticks/";

    /// <summary>A close marker: the owner's epoch, the tick's sequence, an attempt.</summary>
    public static string Tick(string source, int epoch, long sequence, string attempt) =>
        string.Create(CultureInfo.InvariantCulture, $"{Ticks(source)}{epoch:D6}-{sequence:D12}-{attempt}");

    /// <summary>Prefix of the levels of a source's log.</summary>
    public static string Levels(string source) => $"{Logs}{source}/levels/";

    /// <summary>What the names of the levels begin with that end with a tick; behind it come how many ticks each stands for and an attempt.</summary>
    public static string LevelsOf(string source, string tick) => $"{Levels(source)}{tick[Ticks(source).Length..]}-";

    /// <summary>A level: the last tick it stands for, how many those are, an attempt.</summary>
    public static string Level(string source, string tick, long ticks, string attempt) => string.Create(CultureInfo.InvariantCulture, $"{LevelsOf(source, tick)}{ticks:D12}-{attempt}");

    /// <summary>What the names of a tick's data begin with.</summary>
    public static string TickData(string source, int epoch, string attempt) => string.Create(CultureInfo.InvariantCulture, $"{Log(source)}data/{epoch:D6}-{attempt}");

    /// <summary>Prefix of the claims on a source's log.</summary>
    public static string LogClaims(string source) => $"{Log(source)}claim-";

    /// <summary>A claim on a source's log.</summary>
    public static string LogClaim(string source, int epoch, string attempt) => string.Create(CultureInfo.InvariantCulture, $"{LogClaims(source)}{epoch:D6}-{attempt}");

    /// <summary>A wrap of a data key.</summary>
    public static string Wrap(string keyId, string wrapId) => $"{Keys}{keyId}-{wrapId}";

    /// <summary>The run an object belongs to, or null.</summary>
    public static RunId? RunOf(string name)
    {
        if (!name.StartsWith(Runs, StringComparison.Ordinal)) return null;
        var end = name.IndexOf('/', Runs.Length);
        return end > 0 && RunId.IsValid(name[Runs.Length..end]) ? new RunId(name[Runs.Length..end]) : null;
    }
}
