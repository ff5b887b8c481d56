using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace Backup.Tests.Architecture;

/// <summary>
/// Time comes from a <see cref="TimeProvider"/> and randomness from one class. The analyzer says so while somebody types; here the
/// compiled code is looked at, so that a switched-off analyzer is noticed.
/// </summary>
public class BannedCallTests
{
    private const string Analyzer = "Microsoft.CodeAnalysis.BannedApiAnalyzers";
    private const string TheOnePlace = "src/Backup.Contracts/Randomness.cs";

    [Fact]
    public void TheAnalyzerIsOnInEveryProjectThatShips()
    {
        var shared = XDocument.Parse(Repository.Text("Directory.Build.props"));
        var group = Assert.Single(shared.Descendants("ItemGroup"), g => g.Elements("PackageReference").Any(p => p.Attribute("Include")?.Value == Analyzer));
        Assert.Equal("'$(IsTest)' != 'true'", group.Attribute("Condition")?.Value);
        Assert.Contains(group.Elements("AdditionalFiles"), f => f.Attribute("Include")!.Value.EndsWith("BannedSymbols.txt", StringComparison.Ordinal));
        Assert.Equal("true", shared.Descendants("TreatWarningsAsErrors").Single().Value);
        foreach (var project in Repository.Projects)
        {
            var text = Repository.Text(project);
            foreach (var hole in new[] { Analyzer, "RunAnalyzers", "TreatWarningsAsErrors", "WarningsNotAsErrors", "RS0030", "CS1591" })
                Assert.False(text.Contains(hole, StringComparison.Ordinal), $"{project} changes {hole}");
        }
    }

    [Fact]
    public void OnlyTheOnePlaceIsExempt()
    {
        var exempt = Repository.Files.Where(f => Repository.IsShipped(f) && f.EndsWith(".cs", StringComparison.Ordinal) && Repository.Text(f).Contains("RS0030", StringComparison.Ordinal));
        Assert.Equal([TheOnePlace], exempt);
    }

    [Fact]
    public void NoCompiledCodeCallsWhatIsBanned()
    {
        var (members, types) = Banned();
        Assert.Contains(("System.DateTime", "get_UtcNow"), members);
        var found = Shipped.Files.SelectMany(file => CallsOf(file.Value).Where(call => members.Contains(call) || types.Contains(call.Type)).Select(call => (Project: file.Key, call.Type)));
        Assert.Equal([("Backup.Contracts", "System.Security.Cryptography.RandomNumberGenerator")], found.Distinct());
    }

    // Lines such as "P:System.DateTime.UtcNow; why" (overloads are told apart by nobody: one of Task.Delay is allowed).
    private static (HashSet<(string Type, string Member)> Members, HashSet<string> Types) Banned()
    {
        var members = new HashSet<(string, string)>();
        var types = new HashSet<string>();
        foreach (var line in Repository.Text("BannedSymbols.txt").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var id = line.Split(';')[0].Trim();
            var name = id[2..].Split('(')[0];
            if (name.EndsWith("Task.Delay", StringComparison.Ordinal)) continue;
            var dot = name.LastIndexOf('.');
            if (id[0] == 'T') types.Add(name);
            else members.Add((name[..dot], (id[0] == 'P' ? "get_" : "") + name[(dot + 1)..]));
        }
        return (members, types);
    }

    private static List<(string Type, string Member)> CallsOf(string assembly)
    {
        using var file = File.OpenRead(assembly);
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        var calls = new List<(string, string)>();
        foreach (var handle in metadata.MemberReferences)
        {
            var member = metadata.GetMemberReference(handle);
            if (member.Parent.Kind != HandleKind.TypeReference) continue;
            var type = metadata.GetTypeReference((TypeReferenceHandle)member.Parent);
            calls.Add(($"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}", metadata.GetString(member.Name)));
        }
        return calls;
    }
}
