using System.Text;
using System.Text.Json;

namespace Backup.Cli.Output;

/// <summary>
/// One JSON object with a list of any length. It is gathered in a temporary file and copied out when it is whole: an error on
/// the way leaves stdout to the error's own object, and memory stays flat.
/// </summary>
internal sealed class SpooledJson : IDisposable
{
    // GetTempFileName makes it readable for this user only: it holds thread ids.
    private readonly FileStream file = new(Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, FileShare.None, 4096, FileOptions.DeleteOnClose);

    private readonly Utf8JsonWriter json;

    public SpooledJson(string list, params (string Name, string Value)[] properties)
    {
        json = new(file, new JsonWriterOptions { Encoder = JsonOutput.Options.Encoder });
        json.WriteStartObject();
        json.WriteNumber("schemaVersion", JsonOutput.SchemaVersion);
        foreach (var (name, value) in properties) json.WriteString(name, value);
        json.WriteStartArray(list);
    }

    public void Add<T>(T item)
    {
        JsonSerializer.Serialize(json, item, JsonOutput.Options);
        if (json.BytesPending > 64 * 1024) json.Flush();
    }

    public async Task CopyToAsync(TextWriter writer, CancellationToken cancellation)
    {
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        file.Position = 0;
        using var reader = new StreamReader(file, Encoding.UTF8, leaveOpen: true);
        var buffer = new char[16 * 1024];
        int read;
        while ((read = await reader.ReadAsync(buffer, cancellation)) > 0) await writer.WriteAsync(buffer.AsMemory(0, read), cancellation);
        await writer.WriteLineAsync();
        await writer.FlushAsync(cancellation);
    }

    public void Dispose()
    {
        json.Dispose();
        file.Dispose();
    }
}
