using System.Reflection;
using Backup.Abstractions;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Backup.Tests.Cluster;

/// <summary>What crosses the wire is named by aliases: a type or a method may be renamed, and silos of two versions still understand each other.</summary>
public sealed class AliasTests
{
    [Fact]
    public void Every_contract_has_an_alias_and_every_method_too()
    {
        var interfaces = typeof(GrainKeys).Assembly.GetTypes().Where(t => t.IsInterface && typeof(IGrain).IsAssignableFrom(t)).ToList();
        Assert.NotEmpty(interfaces);
        foreach (var contract in interfaces)
        {
            Assert.StartsWith("backup.", contract.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias ?? $"{contract} has none", StringComparison.Ordinal);
            foreach (var method in contract.GetMethods()) Assert.True(method.GetCustomAttribute<AliasAttribute>(inherit: false) is not null, $"{contract.Name}.{method.Name} has no alias");
        }
        foreach (var type in typeof(Contracts.RunId).Assembly.GetTypes().Where(t => t.GetCustomAttribute<GenerateSerializerAttribute>(inherit: false) is not null && !t.IsEnum))
            Assert.StartsWith("backup.", type.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias ?? $"{type} has none", StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_restore_drops_crosses_the_wire_as_a_target_makes_it()
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var dropped = LayoutOrigin.DroppedBy(new() { SourceKind = "postgres", Layout = """{"tables":[{"name":"checkpoints"},{"name":"store"}]}""", WithMemory = false });
        var serializer = services.GetRequiredService<Serializer>();
        var plan = serializer.Deserialize<RestorePlan>(serializer.SerializeToArray(new RestorePlan { BackupId = "b", Target = "t", Dropped = dropped }))!;
        Assert.Equal([new() { Of = "table", What = "layout", Count = 1 }], plan.Dropped);
        Assert.Equal([.. dropped, .. dropped], serializer.Deserialize<RestorePlan>(serializer.SerializeToArray(plan with { Dropped = [.. dropped.Concat(dropped)] }))!.Dropped);
    }
}
