using System.Reflection;
using Backup.Abstractions;

namespace Backup.Tests.Cluster;

/// <summary>Rows of state carry no grain type, so the name of a state belongs to one grain class.</summary>
public sealed class StateNameTests
{
    private static readonly IReadOnlyList<Type> Grains = [.. Assembly.Load("Backup.Grains").GetTypes().Where(t => t is { IsAbstract: false, IsClass: true } && typeof(IGrainBase).IsAssignableFrom(t))];

    [Fact]
    public void Every_grain_class_has_state_names_of_its_own()
    {
        var states = Grains.SelectMany(grain => grain.GetConstructors().SelectMany(c => c.GetParameters())
            .Select(p => (Grain: grain, State: p.GetCustomAttribute<PersistentStateAttribute>())).Where(s => s.State is not null)).ToList();
        Assert.True(states.Count >= 4, $"only {states.Count} states were found");
        foreach (var (grain, state) in states) Assert.Equal((grain, StorageNames.Work), (grain, state!.StorageName));
        foreach (var name in states.GroupBy(s => s.State!.StateName)) Assert.Equal(name.Select(s => s.Grain.Name).Distinct().Take(1), name.Select(s => s.Grain.Name));
    }

    [Fact]
    public void No_grain_uses_state_without_a_name() =>
        Assert.DoesNotContain(Grains, grain => Bases(grain).Any(b => b.IsGenericType && b.GetGenericTypeDefinition() == typeof(Grain<>)));

    [Fact]
    public void Every_contract_has_an_alias_and_every_method_too()
    {
        var interfaces = typeof(GrainKeys).Assembly.GetTypes().Where(t => t.IsInterface && typeof(IGrain).IsAssignableFrom(t)).ToList();
        Assert.NotEmpty(interfaces);
        foreach (var contract in interfaces)
        {
            Assert.StartsWith("backup.", contract.GetCustomAttribute<AliasAttribute>()?.Alias ?? $"{contract} has none", StringComparison.Ordinal);
            foreach (var method in contract.GetMethods()) Assert.True(method.GetCustomAttribute<AliasAttribute>() is not null, $"{contract.Name}.{method.Name} has no alias");
        }
        foreach (var type in typeof(Contracts.RunId).Assembly.GetTypes().Where(t => t.GetCustomAttribute<GenerateSerializerAttribute>() is not null && !t.IsEnum))
            Assert.StartsWith("backup.", type.GetCustomAttribute<AliasAttribute>()?.Alias ?? $"{type} has none", StringComparison.Ordinal);
    }

    private static IEnumerable<Type> Bases(Type type)
    {
        for (var at = type.BaseType; at is not null; at = at.BaseType) yield return at;
    }
}
