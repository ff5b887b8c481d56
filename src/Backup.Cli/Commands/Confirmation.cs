using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary>Asks before something is replaced or removed.</summary>
internal static class Confirmation
{
    public static void RequireSomebody(ToolHost host, bool stdinTaken)
    {
        if (stdinTaken || !host.InIsTerminal)
            throw WrongUse.Error("this may replace or remove threads of the target, and nobody can be asked",
                "Add --yes if that is what you want; --dry-run shows what would happen.");
    }

    public static async Task AskAsync(ToolHost host, string question, CancellationToken cancellation, string refused = "not confirmed; nothing was changed")
    {
        await host.Error.WriteAsync($"{question} Type yes to go on: ");
        await host.Error.FlushAsync(cancellation);
        // A read of the terminal does not hear a cancellation.
        var answer = await Task.Run(host.In.ReadLine, CancellationToken.None).WaitAsync(cancellation);
        if (answer?.Trim() is not ("yes" or "y"))
            throw new BackupException(ErrorKind.Interrupted, refused);
    }
}
