using System.Reflection;
using System.Xml.Linq;

namespace Backup.Tests.Architecture.Support;

/// <summary>The compiled assemblies of the projects that ship, as they lie beside the tests.</summary>
internal static class Shipped
{
    /// <summary>Assembly by project name. The tool's assembly has a name of its own.</summary>
    public static IReadOnlyDictionary<string, string> Files { get; } = Repository.Projects.ToDictionary(Repository.NameOf, project =>
        Path.Combine(AppContext.BaseDirectory, (AssemblyName(project) ?? Repository.NameOf(project)) + ".dll"));

    public static IEnumerable<Assembly> Assemblies => Files.Values.Select(Assembly.LoadFrom);

    /// <summary>Types somebody wrote, without what compilers and generators add.</summary>
    public static IEnumerable<Type> TypesOf(Assembly assembly) => assembly.GetTypes().Where(type =>
        type.Namespace?.StartsWith("Backup.", StringComparison.Ordinal) == true
        && !Containing(type).Any(t => t.Name.Contains('<', StringComparison.Ordinal) || t.GetCustomAttributesData().Any(a => a.AttributeType.Name is "CompilerGeneratedAttribute" or "GeneratedCodeAttribute")));

    private static IEnumerable<Type> Containing(Type type)
    {
        for (var at = type; at is not null; at = at.DeclaringType) yield return at;
    }

    private static string? AssemblyName(string project) =>
        XDocument.Parse(Repository.Text(project)).Descendants("AssemblyName").SingleOrDefault()?.Value;
}
