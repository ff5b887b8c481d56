using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Backup.Cli.Output;

/// <summary>The tool's JSON: one object on one line, <c>schemaVersion</c> first, names in camel case. Others script it: names are never changed, only added.</summary>
internal static class JsonOutput
{
    public const int SchemaVersion = 1;

    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // it goes to a pipe, not into a page
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static string CamelCase(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);

    /// <summary>The properties of <paramref name="value"/> as an object that more can be put into.</summary>
    public static JsonObject ObjectOf<T>(T value) => JsonSerializer.SerializeToNode(value, Options)!.AsObject();

    public static JsonArray ArrayOf<T>(IReadOnlyList<T> values) => JsonSerializer.SerializeToNode(values, Options)!.AsArray();

    /// <summary>Writes a record behind the members of <paramref name="head"/> without taking its JSON apart again.</summary>
    public static void WriteVerbatim<T>(TextWriter writer, JsonObject head, T value)
    {
        head.Insert(0, "schemaVersion", SchemaVersion);
        writer.WriteLine($"{head.ToJsonString(Options)[..^1]},{JsonSerializer.Serialize(value, Options)[1..]}");
        writer.Flush();
    }

    public static void Write(TextWriter writer, JsonObject body)
    {
        body.Insert(0, "schemaVersion", SchemaVersion);
        writer.WriteLine(body.ToJsonString(Options));
        writer.Flush();
    }
}
