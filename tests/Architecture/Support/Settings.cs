using System.Text.RegularExpressions;
using Backup.Contracts;
using Backup.Hosting.Configuration;

namespace Backup.Tests.Architecture.Support;

/// <summary>The settings there are (<c>Sources:NAME:Kind</c>), as the configuration itself names them when it refuses another.</summary>
internal static partial class Settings
{
    // A setting nobody has in every object, unlike any name there is.
    private const string Wrong = """
        {"Backup":{
          "Sources":{"a":{"Kind":"postgres","ConnectionString":"x","zzzzzzzzzzzz":1,"Log":{"Enabled":true,"zzzzzzzzzzzz":1}},"b":{"Kind":"memory","zzzzzzzzzzzz":1},"c":{"Kind":"redis","ConnectionString":"x","Layout":"plain","zzzzzzzzzzzz":1},"d":{"Kind":"s3","Bucket":"b","zzzzzzzzzzzz":1}},
          "Archives":{"a":{"Kind":"local","Path":"/x","KeyFile":"/x","zzzzzzzzzzzz":1}},
          "Cluster":{"Kind":"redis","ConnectionString":"x","zzzzzzzzzzzz":1,"Tls":{"Certificate":"/x","Key":"/x","Authority":"/x","zzzzzzzzzzzz":1}},
          "State":{"ConnectionString":"x","zzzzzzzzzzzz":1},
          "Http":{"Url":"http://127.0.0.1:1","zzzzzzzzzzzz":1},
          "zzzzzzzzzzzz":1}}
        """;

    public static IReadOnlyList<string> All { get; } = Ask();

    private static List<string> Ask()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        File.WriteAllText(path, Wrong);
        try
        {
            var error = Assert.Throws<BackupException>(() => BackupConfiguration.Load(path, new Dictionary<string, string>()));
            var found = Answer().Matches(error.Message);
            Assert.Equal(Wrong.Split("zzzzzzzzzzzz").Length - 1, found.Count);
            var names = found.SelectMany(m => m.Groups[2].Value.Split(", ").Select(name => Named().Replace($"{m.Groups[1].Value}{name}", "$1:NAME:"))).Distinct().ToList();
            // Objects are told by what is in them.
            return [.. names.Where(name => !names.Any(other => other.StartsWith(name + ":", StringComparison.Ordinal)))];
        }
        finally
        {
            File.Delete(path);
        }
    }

    [GeneratedRegex(@"Backup:((?:\w+:)*)zzzzzzzzzzzz is not a setting(?: here)? \(there is ([^)]+)\)")]
    private static partial Regex Answer();

    [GeneratedRegex("^(Sources|Archives):[abcd]:")]
    private static partial Regex Named();
}
