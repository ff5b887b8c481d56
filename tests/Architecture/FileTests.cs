using System.Text.RegularExpressions;

namespace Backup.Tests.Architecture;

/// <summary>Files stay small, and say nothing of the machine they were written on.</summary>
public partial class FileTests
{
    private const int MostBytes = 20 * 1024;
    private static readonly string[] Binary = [".png", ".seg", ".idx", ".done"];

    [Fact]
    public void NoFileOfTheSourceIsLarge() =>
        Assert.DoesNotContain(Repository.Files, f => Repository.IsShipped(f) && new FileInfo(Path.Combine(Repository.Root, f)).Length > MostBytes);

    [Fact]
    public void NoFileNamesARegistryOrAFolderOfSomebodysMachine()
    {
        var found = new List<string>();
        foreach (var file in Repository.Files.Where(f => !Binary.Contains(Path.GetExtension(f)) && !f.StartsWith("tests/golden/", StringComparison.Ordinal)))
            if (Personal().Match(Repository.Text(file)) is { Success: true } match) found.Add($"{file}: {match.Value}");
        Assert.Empty(found);
    }

    // Written in pieces, so that this file does not find itself.
    [GeneratedRegex(@"nuget\.[o]rg|npmj[s]|pypi\.[o]rg|pythonhoste[d]|mcr\.microsof[t]|ghcr\.i[o]|quay\.i[o]|docker\.i[o]|/hom[e]/[a-z]|/roo[t]/|/wor[k]/|/User[s]/|[A-Z]:\\User[s]")]
    private static partial Regex Personal();
}
