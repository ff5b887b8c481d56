using System.Reflection;
using System.Text;
using Orleans;
using Orleans.Runtime;

namespace Backup.Tests.Architecture;

/// <summary>
/// What silos and clients of different versions say to each other: types by alias with their numbered members, grain interfaces with
/// their methods. The file is checked in, so that a change of it is seen. Adding is compatible; changing or taking away is not.
/// <c>BACKUP_WRITE_CONTRACTS=1</c> writes it anew.
/// </summary>
public class WireContractTests
{
    private const string File = "tests/Architecture/wire-contracts.txt";

    [Fact]
    public void AreThoseThatWereReviewed()
    {
        var now = Describe();
        if (Environment.GetEnvironmentVariable("BACKUP_WRITE_CONTRACTS") == "1") System.IO.File.WriteAllText(Path.Combine(Repository.Root, File), now);
        Assert.Equal(Repository.Text(File).Split('\n'), now.Split('\n'));
    }

    [Fact]
    public void AliasesAreUnique()
    {
        var aliases = Types().Select(t => (t.FullName, Alias: t.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias)).Where(t => t.Alias is not null);
        Assert.DoesNotContain(aliases.GroupBy(a => a.Alias), g => g.Count() > 1);
    }

    [Fact]
    public void EverythingSentHasAnAlias() => Assert.DoesNotContain(Types().Where(t => !t.IsEnum && (IsSent(t) || IsGrainInterface(t))), t => t.GetCustomAttribute<AliasAttribute>(inherit: false) is null);

    private static IEnumerable<Type> Types() => Shipped.Assemblies.SelectMany(Shipped.TypesOf);

    private static bool IsSent(Type type) => type.GetCustomAttribute<GenerateSerializerAttribute>(inherit: false) is not null;

    private static bool IsGrainInterface(Type type) => type.IsInterface && typeof(IAddressable).IsAssignableFrom(type);

    private static string Describe()
    {
        var text = new StringBuilder();
        foreach (var type in Types().Where(t => IsSent(t) || IsGrainInterface(t)).OrderBy(Name, StringComparer.Ordinal))
        {
            text.Append(type.IsEnum ? "enum " : type.IsInterface ? "grain " : "type ").Append(Name(type)).Append('\n');
            foreach (var line in Members(type)) text.Append("  ").Append(line).Append('\n');
        }
        return text.ToString();
    }

    private static IEnumerable<string> Members(Type type)
    {
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        if (type.IsEnum) return Enum.GetValues(type).Cast<object>().Select(v => $"{Convert.ToInt64(v, System.Globalization.CultureInfo.InvariantCulture)} {v}");
        if (type.IsInterface)
            return type.GetMethods().Select(m => $"{m.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias ?? m.Name}({string.Join(", ", m.GetParameters().Select(p => Name(p.ParameterType)))}): {Name(m.ReturnType)}").Order(StringComparer.Ordinal);
        return type.GetMembers(Declared).Select(m => (Member: m, m.GetCustomAttribute<IdAttribute>()?.Id)).Where(m => m.Id is not null).OrderBy(m => m.Id)
            .Select(m => $"{m.Id} {m.Member.Name}: {Name(m.Member is PropertyInfo p ? p.PropertyType : ((FieldInfo)m.Member).FieldType)}");
    }

    private static string Name(Type type)
    {
        if (type.IsArray) return Name(type.GetElementType()!) + "[]";
        var name = type.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias ?? (type.Namespace?.StartsWith("Backup.", StringComparison.Ordinal) == true ? type.FullName! : type.Name);
        return type.IsGenericType ? $"{name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }
}
