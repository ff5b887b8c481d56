using System.CommandLine;
using Backup.Cli.Commands;
using Backup.Cli.Output;

namespace Backup.Cli;

/// <summary>The tool: parses, runs one command, turns every outcome into an exit code.</summary>
internal static class BackupTool
{
    public static async Task<int> RunAsync(string[] args, ToolHost host, CancellationToken cancellation)
    {
        var globals = new GlobalOptions();
        var root = BuildRoot(host, globals);
        // No response files (a thread id may begin with @), no bundling of one-letter options (there are none).
        var parse = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        var errors = new ErrorOutput(host, globals.Json(args), globals.Debug(args, host.Environment));
        try
        {
            WrongUse.RefuseForgottenValues(parse, args);
            WrongUse.RefuseUnknownOptions(parse);
            if (parse.Errors.Count > 0) throw WrongUse.Of(parse);
            return await parse.InvokeAsync(new InvocationConfiguration
            {
                Output = host.Out,
                Error = host.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null, // Program handles signals, and waits for the work to clean up
            }, cancellation);
        }
        catch (Exception error)
        {
            return errors.Report(error, cancellation);
        }
    }

    private static RootCommand BuildRoot(ToolHost host, GlobalOptions globals)
    {
        var invoker = new Invoker(host, globals);
        var root = new RootCommand("Backs up, verifies and restores LangGraph checkpoint data by thread.")
        {
            ArchiveCommand.Build(invoker),
            CreateCommand.Build(invoker),
            CompactCommand.Build(invoker),
            ListCommand.Build(invoker),
            ShowCommand.Build(invoker),
            VerifyCommand.Build(invoker),
            RestoreCommand.Build(invoker),
            MigrateCommand.Build(invoker),
            ThreadCommand.Build(invoker),
            LogCommand.Build(invoker),
            RunCommand.Build(invoker),
            DemoCommand.Build(invoker),
        };
        globals.AddTo(root);
        return root;
    }
}
