using System.Reflection;
using Orleans;
using Orleans.Runtime;

namespace Backup.Tests.Architecture;

/// <summary>Rows of grain state carry the state's name but not the grain's class: two classes with one name would share rows.</summary>
public class GrainStateTests
{
    private static readonly List<Type> Grains = [.. Shipped.Assemblies.SelectMany(Shipped.TypesOf).Where(t => typeof(IGrainBase).IsAssignableFrom(t) && !t.IsAbstract)];

    [Fact]
    public void EveryGrainClassHasStateNamesOfItsOwn()
    {
        var states = Grains.SelectMany(grain => grain.GetConstructors().SelectMany(c => c.GetParameters())
            .Select(p => p.GetCustomAttribute<PersistentStateAttribute>()).OfType<PersistentStateAttribute>()
            .Select(state => (Grain: grain.Name, Name: $"{state.StorageName}/{state.StateName}"))).ToList();
        Assert.NotEmpty(states);
        Assert.Empty(states.GroupBy(s => s.Name).Where(g => g.Count() > 1).Select(g => $"{g.Key}: {string.Join(", ", g.Select(s => s.Grain))}"));
    }

    [Fact]
    public void NoGrainHasAStateWithoutAName() => // Grain<T> calls every state "state"
        Assert.Empty(Grains.Where(g => Bases(g).Any(b => b.IsGenericType && b.GetGenericTypeDefinition() == typeof(Grain<>))).Select(g => g.Name));

    private static IEnumerable<Type> Bases(Type type)
    {
        for (var at = type.BaseType; at is not null; at = at.BaseType) yield return at;
    }
}
