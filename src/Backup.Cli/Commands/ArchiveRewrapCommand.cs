using System.CommandLine;
using Backup.Cli.Output;
using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary><c>backup archive rewrap NAME</c>: makes another key file or passphrase open the archive, and with <c>--remove-others</c> it alone.</summary>
internal static class ArchiveRewrapCommand
{
    public static Command Build(Invoker invoker)
    {
        var name = ArchiveCommand.Name();
        var keyFile = new Option<string?>("--to-key-file") { Description = "Key file that shall open the archive; made when it is not there", HelpName = "FILE" };
        var passphraseFile = new Option<string?>("--to-passphrase-file") { Description = "File whose first line is the passphrase that shall open it", HelpName = "FILE" };
        var removeOthers = CommonOptions.Flag("--remove-others", "Take every other key and passphrase away, the configured one too");
        var yes = CommonOptions.Flag("--yes", "Do not ask");
        var command = new Command("rewrap", "Make another key or passphrase open an archive") { name, keyFile, passphraseFile, removeOthers, yes };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var request = new RewrapRequest
            {
                Archive = session.Archive(parse.GetRequiredValue(name)), RemoveOthers = parse.GetValue(removeOthers),
                KeyFile = PathOf(parse.GetValue(keyFile)), PassphraseFile = PathOf(parse.GetValue(passphraseFile)),
            };
            if (request.KeyFile is null == request.PassphraseFile is null)
                throw WrongUse.Error("exactly one of --to-key-file and --to-passphrase-file says what shall open the archive", "Give one of them.");
            if (request.RemoveOthers && !parse.GetValue(yes)) await ConfirmAsync(session.Host, request, cancellation);
            var report = await (await session.RunnerAsync(cancellation)).RewrapArchiveAsync(request, cancellation);
            session.Results.Write(report, writer => ArchiveText.Rewrapped(writer, report, request));
            return 0;
        }));
        return command;
    }

    private static string? PathOf(string? written) => written is null ? null : Path.GetFullPath(written);

    private static Task ConfirmAsync(ToolHost host, RewrapRequest request, CancellationToken cancellation) => host.InIsTerminal
        ? Confirmation.AskAsync(host, $"Afterwards only {request.KeyFile ?? request.PassphraseFile} opens archive {request.Archive}.", cancellation)
        : throw WrongUse.Error("--remove-others takes every other way to open the archive away, and nobody can be asked", "Add --yes if that is what you want.");
}
