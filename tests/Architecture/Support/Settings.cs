using System.Reflection;
using Backup.Hosting.Configuration;

namespace Backup.Tests.Architecture.Support;

/// <summary>The settings there are, from the types they are read into: <c>Sources:NAME:Kind</c>.</summary>
internal static class Settings
{
    public static IReadOnlyList<string> All { get; } = [.. Of(typeof(BackupOptions), "")];

    private static IEnumerable<string> Of(Type type, string prefix)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var (at, value) = property.PropertyType is { IsGenericType: true } map && map.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>)
                ? ($"{prefix}{property.Name}:NAME", map.GetGenericArguments()[1])
                : ($"{prefix}{property.Name}", property.PropertyType);
            if (value.Namespace == typeof(BackupOptions).Namespace) foreach (var below in Of(value, at + ":")) yield return below;
            else yield return at;
        }
    }
}
