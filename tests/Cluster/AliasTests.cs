using System.Reflection;
using Backup.Abstractions;

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
}
