using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace Backup.Tests.Architecture;

/// <summary>Who may refer to whom. A new project has to be entered here, which is the moment to think about its place.</summary>
public class LayeringTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Backup.Contracts"] = [],
        ["Backup.Storage"] = ["Backup.Contracts"],
        ["Backup.Checkpoints"] = ["Backup.Contracts"],
        ["Backup.Checkpoints.Postgres"] = ["Backup.Checkpoints"],
        ["Backup.Checkpoints.Redis"] = ["Backup.Checkpoints"],
        ["Backup.Checkpoints.S3"] = ["Backup.Checkpoints"],
        ["Backup.Archive"] = ["Backup.Storage"],
        ["Backup.Engine"] = ["Backup.Archive", "Backup.Checkpoints"],
        ["Backup.Abstractions"] = ["Backup.Contracts"],
        ["Backup.Grains"] = ["Backup.Engine", "Backup.Abstractions"],
        ["Backup.Hosting"] =
        [
            "Backup.Contracts", "Backup.Storage", "Backup.Checkpoints", "Backup.Checkpoints.Postgres", "Backup.Checkpoints.Redis", "Backup.Checkpoints.S3", "Backup.Archive", "Backup.Engine", "Backup.Abstractions", "Backup.Grains",
        ],
        ["Backup.Cli"] = ["Backup.Hosting"],
        ["Silo.Host"] = ["Backup.Hosting"],
    };

    // What the engine's layers must not know: a cluster, a database, a web server.
    private static readonly string[] Plain = ["Backup.Contracts", "Backup.Storage", "Backup.Checkpoints", "Backup.Archive", "Backup.Engine"];
    private static readonly string[] Heavy = ["Orleans.Core", "Orleans.Runtime", "Orleans.Reminders", "Npgsql", "StackExchange.Redis", "AWSSDK", "Microsoft.Data.Sqlite", "Microsoft.AspNetCore"];

    public static TheoryData<string> Names => [.. Repository.Projects.Select(Repository.NameOf)];

    [Fact]
    public void EveryProjectHasAPlace() => Assert.Equal(Allowed.Keys.Order(), Repository.Projects.Select(Repository.NameOf).Order());

    [Theory, MemberData(nameof(Names))]
    public void ProjectsReferToWhatTheyMay(string name)
    {
        var project = Repository.Projects.Single(p => Repository.NameOf(p) == name);
        var references = XDocument.Parse(Repository.Text(project)).Descendants("ProjectReference").Select(r => Repository.NameOf(r.Attribute("Include")!.Value.Replace('\\', '/')));
        Assert.Empty(references.Except(Allowed[name]));
    }

    [Fact]
    public void AClientNeedsTheAbstractionsAlone() =>
        Assert.Empty(XDocument.Parse(Repository.Text("tests/ClientSample/ClientSample.csproj")).Descendants("ProjectReference")
            .Select(r => Repository.NameOf(r.Attribute("Include")!.Value)).Except(["Backup.Abstractions", "Backup.Contracts"]));

    [Theory, MemberData(nameof(Names))]
    public void AssembliesUseWhatTheyMay(string name) =>
        Assert.Empty(ReferencesOf(name).Where(r => Allowed.ContainsKey(r)).Except(Reach(name)));

    [Theory, MemberData(nameof(Names))]
    public void TheEngineKnowsNoClusterAndNoServer(string name)
    {
        if (!Plain.Contains(name)) return;
        Assert.DoesNotContain(ReferencesOf(name), r => Heavy.Any(h => r == h || r.StartsWith(h + ".", StringComparison.Ordinal)));
    }

    // What is allowed directly, and what those may use in turn.
    private static HashSet<string> Reach(string name)
    {
        var all = Allowed[name].ToHashSet();
        foreach (var below in Allowed[name]) all.UnionWith(Reach(below));
        return all;
    }

    private static List<string> ReferencesOf(string name)
    {
        using var file = File.OpenRead(Shipped.Files[name]);
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(r => metadata.GetString(metadata.GetAssemblyReference(r).Name))];
    }
}
