using System.CommandLine;
using Backup.Cli.Output;
using Backup.Cli.Runners;
using Backup.Hosting.Configuration;

namespace Backup.Cli;

/// <summary>Runs a command's body with the configuration read and a runner open.</summary>
internal sealed class Invoker(ToolHost host, GlobalOptions globals)
{
    public ToolHost Host => host;

    /// <summary>An action for a command: the configuration is read before anything else is looked at.</summary>
    public Func<ParseResult, CancellationToken, Task<int>> Run(Func<Session, ParseResult, CancellationToken, Task<int>> body) =>
        async (parse, cancellation) =>
        {
            var options = BackupConfiguration.Load(globals.ConfigFile(parse), host.Environment);
            await using var session = new Session(host, options, Results(parse));
            return await body(session, parse, cancellation);
        };

    public ResultOutput Results(ParseResult parse) => new(host, globals.Json(parse));
}

/// <summary>One command at work.</summary>
internal sealed class Session(ToolHost host, BackupOptions options, ResultOutput results) : IAsyncDisposable
{
    private IBackupRunner? runner;

    public ToolHost Host => host;

    public BackupOptions Options => options;

    public ResultOutput Results => results;

    /// <summary>True when the engine runs in this process: then every name must be configured here. A cluster knows its own names.</summary>
    public bool IsLocal => options.Cluster is null;

    public async Task<IBackupRunner> RunnerAsync(CancellationToken cancellation) => runner ??= await host.OpenRunner(options, cancellation);

    /// <summary>The archive meant by <c>--archive</c>, or the only one.</summary>
    public string Archive(string? named) => IsLocal || named is null ? options.ArchiveName(named) : named;

    public void RequireSource(string name)
    {
        if (IsLocal || options.Sources.Count > 0) options.Source(name);
    }

    public void RequireTarget(string name)
    {
        if (IsLocal || options.Sources.Count > 0) options.Target(name);
    }

    public ValueTask DisposeAsync() => runner?.DisposeAsync() ?? default;
}
