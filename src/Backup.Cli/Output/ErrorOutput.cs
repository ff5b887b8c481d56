using System.Text.Json.Nodes;
using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>Says what went wrong, one line and a hint, or as JSON; returns the exit code.</summary>
internal sealed class ErrorOutput(ToolHost host, bool json, bool debug)
{
    public int Report(Exception error, CancellationToken cancellation)
    {
        var known = error as BackupException ?? Translate(error, cancellation);
        if (json) WriteJson(known);
        else WriteText(known);
        if (debug) host.Error.WriteLine(error);
        return (int)known.Kind;
    }

    private static BackupException Translate(Exception error, CancellationToken cancellation) =>
        error is OperationCanceledException && cancellation.IsCancellationRequested
            ? new(ErrorKind.Interrupted, "interrupted", "What was not finished is not visible; the same command can be run again.")
            : new(ErrorKind.Failed, $"unexpected error, {error.GetType().Name}: {error.Message.ReplaceLineEndings(" ")}",
                "This is a defect of the tool. Run the same command with --debug and report what it prints.");

    private void WriteText(BackupException error)
    {
        host.Error.WriteLine($"backup: {Plain.Lines(error.Message)}");
        if (error.Hint is { } hint) host.Error.WriteLine($"  {Plain.Lines(hint)}");
    }

    private void WriteJson(BackupException error)
    {
        var body = new JsonObject
        {
            ["code"] = (int)error.Kind,
            ["kind"] = JsonOutput.CamelCase(error.Kind.ToString()),
            ["message"] = error.Message,
            ["hint"] = error.Hint,
        };
        if (error is DamageException damage)
        {
            body["object"] = damage.ObjectName;
            body["offset"] = damage.Offset;
            body["problem"] = damage.Problem;
        }
        JsonOutput.Write(host.Out, new JsonObject { ["error"] = body });
    }
}
