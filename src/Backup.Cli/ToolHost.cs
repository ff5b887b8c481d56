using Backup.Cli.Demo;
using Backup.Cli.Output;
using Backup.Cli.Runners;
using Backup.Hosting.Configuration;

namespace Backup.Cli;

/// <summary>What surrounds the tool: streams, terminal, environment, time, and what opens a runner. Tests bring their own.</summary>
internal sealed class ToolHost
{
    public required TextWriter Out { get; init; }
    public required TextWriter Error { get; init; }
    public required TextReader In { get; init; }
    public bool InIsTerminal { get; init; }
    public bool OutIsTerminal { get; init; }
    public bool ErrorIsTerminal { get; init; }
    public required IReadOnlyDictionary<string, string> Environment { get; init; }
    public TimeProvider Time { get; init; } = TimeProvider.System;
    public required Func<BackupOptions, CancellationToken, Task<IBackupRunner>> OpenRunner { get; init; }

    /// <summary>Runs the demonstration: the folder to leave the archive in, or null; what tells the steps.</summary>
    public required Func<string?, DemoSteps, CancellationToken, Task<DemoSummary>> RunDemo { get; init; }

    public static ToolHost OfProcess() => OfProcess(BackupConfiguration.ProcessEnvironment());

    private static ToolHost OfProcess(IReadOnlyDictionary<string, string> environment) => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        In = Console.In,
        InIsTerminal = !Console.IsInputRedirected,
        OutIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        Environment = environment,
        OpenRunner = (options, cancellation) => RunnerFactory.OpenAsync(options, environment, TimeProvider.System, cancellation),
        RunDemo = (keep, steps, cancellation) => Demonstration.RunAsync(keep, steps, TimeProvider.System, cancellation),
    };
}
