using System.Reflection;
using System.Xml.Linq;

namespace Backup.Tests.Architecture;

/// <summary>What others see: documented, and named so that it can be told from a namespace.</summary>
public class PublicSurfaceTests
{
    public static TheoryData<string> Names => [.. Shipped.Files.Keys];

    [Theory, MemberData(nameof(Names))]
    public void EverythingPublicIsDocumented(string project)
    {
        var path = Path.ChangeExtension(Shipped.Files[project], ".xml");
        // Silo.Host is two lines and shows nothing.
        var documented = File.Exists(path) ? XDocument.Load(path).Descendants("member").Select(m => m.Attribute("name")!.Value.Split('(')[0]).ToHashSet() : [];
        var missing = Shipped.TypesOf(Assembly.LoadFrom(Shipped.Files[project])).Where(IsVisible).SelectMany(Ids).Where(id => !documented.Contains(id));
        Assert.Empty(missing);
    }

    [Fact]
    public void DocumentationIsMadeAndItsLackIsAnError()
    {
        var shared = XDocument.Parse(Repository.Text("Directory.Build.props"));
        var property = shared.Descendants("GenerateDocumentationFile").Single();
        Assert.Equal(("true", "'$(IsTest)' != 'true'"), (property.Value, property.Parent!.Attribute("Condition")?.Value));
        Assert.All(shared.Descendants("NoWarn"), n => Assert.Equal("'$(IsTest)' == 'true'", n.Parent!.Attribute("Condition")?.Value));
        Assert.DoesNotContain(Repository.Files, f => Repository.IsShipped(f) && f.EndsWith(".cs", StringComparison.Ordinal) && Repository.Text(f).Contains("warning disable CS1591", StringComparison.Ordinal));
    }

    [Fact]
    public void NoTypeIsNamedLikeANamespace()
    {
        var types = Shipped.Assemblies.SelectMany(Shipped.TypesOf).ToList();
        var namespaces = types.SelectMany(t => t.Namespace!.Split('.')).ToHashSet();
        Assert.Empty(types.Where(t => !t.IsNested && namespaces.Contains(t.Name.Split('`')[0])).Select(t => t.FullName));
    }

    private static bool IsVisible(Type type) => type.IsNested ? (type.IsNestedPublic || type.IsNestedFamily) && IsVisible(type.DeclaringType!) : type.IsPublic;

    // Documentation ids without parameters: overloads count as one.
    private static IEnumerable<string> Ids(Type type)
    {
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var name = type.FullName!.Replace('+', '.');
        yield return $"T:{name}";
        foreach (var member in type.GetMembers(Declared).Where(m => !IsMade(m)))
        {
            if (member is MethodInfo { IsSpecialName: false } method && (method.IsPublic || method.IsFamily) && !method.Name.Contains('.', StringComparison.Ordinal))
                yield return $"M:{name}.{method.Name}{(method.IsGenericMethod ? $"``{method.GetGenericArguments().Length}" : "")}";
            if (member is PropertyInfo property && (property.GetMethod ?? property.SetMethod) is { } accessor && (accessor.IsPublic || accessor.IsFamily) && !IsPositional(type, property))
                yield return $"P:{name}.{property.Name}";
            if (member is FieldInfo { IsSpecialName: false } field && (field.IsPublic || field.IsFamily)) yield return $"F:{name}.{field.Name}";
        }
    }

    private static bool IsMade(MemberInfo member) => member.Name.Contains('<', StringComparison.Ordinal) || member.GetCustomAttributesData().Any(a => a.AttributeType.Name is "CompilerGeneratedAttribute" or "GeneratedCodeAttribute");

    // A positional record's properties are documented as its parameters.
    private static bool IsPositional(Type type, PropertyInfo property) => type.GetConstructors().Any(c => c.GetParameters().Any(p => p.Name == property.Name));
}
