using System.Text.RegularExpressions;
using Backup.Hosting;
using Backup.Hosting.Configuration;
using YamlDotNet.Serialization;

namespace Backup.Tests.Architecture;

/// <summary>The compose file, the image and the configuration in it agree, and the server accepts what they give it.</summary>
public partial class DeployTests
{
    private const string ConfigFile = "deploy/backup.json";
    private static readonly Dictionary<string, object> Compose = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build()
        .Deserialize<Dictionary<string, object>>(new YamlDotNet.Core.MergingParser(new YamlDotNet.Core.Parser(new StringReader(Repository.Text("docker-compose.yml")))));

    public static TheoryData<string> Silos => ["silo1", "silo2", "silo3"];

    [Theory, MemberData(nameof(Silos))]
    public async Task EachSiloIsAccepted(string name)
    {
        var options = Options(name);
        Assert.Equal(BackupClusterOptions.Redis, options.Cluster!.Kind);
        Assert.True(options.Cluster.Insecure, "the network is private, which has to be said");
        Assert.Equal(At(Compose, "services", name, "networks", "cluster", "ipv4_address"), options.Cluster.AdvertisedAddress.ToString());
        await using var server = BackupServer.Build(options);
    }

    [Fact]
    public void SilosDifferInTheirAddressesOnly()
    {
        var all = Silos.Select(s => Options(s.Data)).ToList();
        Assert.Equal(3, all.Select(o => o.Cluster!.AdvertisedAddress).Distinct().Count());
        Assert.Single(all.Select(o => (o.State.ConnectionString, o.Cluster!.ConnectionString, o.Archives["main"].Path, o.Archives["main"].KeyFile, o.Sources["prod"].ConnectionString)).Distinct());
    }

    [Theory, MemberData(nameof(Silos))]
    public void PortsAgree(string name)
    {
        var options = Options(name);
        var http = new Uri(options.Http.Url).Port;
        var exposed = Regex.Match(Repository.Text("deploy/Dockerfile"), @"^EXPOSE (.+)$", RegexOptions.Multiline).Groups[1].Value.Split(' ').Select(int.Parse).ToHashSet();
        Assert.Equal(new HashSet<int> { options.Cluster!.SiloPort!.Value, options.Cluster.GatewayPort!.Value, http }, exposed);
        Assert.Contains($":{http}/health/ready", string.Join(' ', List(At(Compose, "services", name, "healthcheck", "test"))));
        var published = Assert.Single(List(At(Compose, "services", name, "ports"))).Split(':');
        Assert.Equal(("127.0.0.1", http.ToString(System.Globalization.CultureInfo.InvariantCulture)), (published[0], published[2]));
    }

    [Theory, MemberData(nameof(Silos))]
    public void ArchiveAndKeyLieOnVolumesOfTheirOwn(string name)
    {
        var options = Options(name);
        var mounts = List(At(Compose, "services", name, "volumes")).Select(v => v.Split(':')).ToDictionary(v => v[1], v => v[0]);
        Assert.Equal("./" + ConfigFile, mounts[(string)Environment(name)["BACKUP_CONFIG"]]);
        var volumes = new[] { options.Archives["main"].Path, options.Archives["main"].KeyFile!, options.StateFolder }
            .Select(path => mounts.Single(m => path == m.Key || path.StartsWith(m.Key + "/", StringComparison.Ordinal)).Value).ToList();
        Assert.Equal(3, volumes.Distinct().Count());
        Assert.All(volumes, v => Assert.Contains(v, ((Dictionary<object, object>)Compose["volumes"]).Keys));
    }

    [Fact]
    public void TheServersKeepWhatTheyAreGiven()
    {
        Assert.Contains("wal_level=logical", List(At(Compose, "services", "postgres", "command")));
        var redis = string.Join(' ', List(At(Compose, "services", "redis", "command")));
        Assert.Contains("--appendonly yes", redis);
        Assert.Contains("--maxmemory-policy noeviction", redis);
    }

    private static BackupOptions Options(string silo) => BackupConfiguration.Load(Path.Combine(Repository.Root, ConfigFile), Environment(silo).ToDictionary(e => e.Key, e => (string)e.Value));

    // Variables that must be given are given.
    private static Dictionary<string, object> Environment(string service) => ((Dictionary<object, object>)At(Compose, "services", service, "environment"))
        .ToDictionary(e => (string)e.Key, e => (object)Variable().Replace(Convert.ToString(e.Value, System.Globalization.CultureInfo.InvariantCulture)!, "given"));

    private static object At(object from, params string[] path) => path.Aggregate(from, (at, key) =>
        at is Dictionary<string, object> top ? top[key] : ((Dictionary<object, object>)at)[key]);

    private static IReadOnlyList<string> List(object value) => [.. ((List<object>)value).Select(v => (string)v)];

    [GeneratedRegex(@"\$\{[A-Z_]+:\?[^}]*\}")]
    private static partial Regex Variable();
}
