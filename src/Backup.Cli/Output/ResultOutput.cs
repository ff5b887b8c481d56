using System.Text.Json.Nodes;
using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>Writes a command's result to stdout, as JSON or for a person, and shows progress on stderr.</summary>
internal sealed class ResultOutput(ToolHost host, bool json)
{
    public bool IsJson => json;

    /// <summary>A result that is one record: its properties are the JSON object's.</summary>
    public void Write<T>(T value, Action<TextWriter> human) => Write(() => JsonOutput.ObjectOf(value), human);

    public void Write(Func<JsonObject> body, Action<TextWriter> human)
    {
        if (json) JsonOutput.Write(host.Out, body());
        else human(host.Out);
    }

    /// <summary>A result with texts that must not be parsed and printed anew; <paramref name="head"/> stands before its properties.</summary>
    public void WriteVerbatim<T>(JsonObject head, T value, Action<TextWriter> human)
    {
        if (json) JsonOutput.WriteVerbatim(host.Out, head, value);
        else human(host.Out);
    }

    /// <summary>Shows the progress of <paramref name="work"/> while it runs.</summary>
    public Task<T> WithProgressAsync<T>(string title, Func<IProgress<RunStatus>, Task<T>> work) =>
        host.ErrorIsTerminal && !json
            ? TerminalProgress.RunAsync(host, title, work)
            : work(new LineProgress(host.Error, title, host.Time));
}
