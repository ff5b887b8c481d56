using System.Text.Json;
using Backup.Cli;
using Backup.Cli.Demo;
using Backup.Cli.Runners;
using Backup.Hosting.Configuration;

namespace Backup.Tests.Tool.Surface;

/// <summary>Runs the tool in this process with a fake runner behind it.</summary>
internal sealed class ToolRun : IDisposable
{
    private const string Config = """
        {"Backup":{"Sources":{"prod":{"Kind":"postgres","ConnectionString":"Host=db;Password=hunter2"},"spare":{"Kind":"memory","Writable":true}},
                   "Archives":{"main":{"Kind":"local","Path":"/a","KeyFile":"/k"}}}}
        """;

    private readonly TemporaryFolder folder = new();
    private string config;

    public ToolRun(string config = Config) => this.config = folder.File("backup.json", config);

    public void Configure(string json) => config = folder.File("backup.json", json);

    public FakeRunner Runner { get; } = new();
    public Dictionary<string, string> Environment { get; } = [];
    public bool OnTerminal { get; set; }
    public string Input { get; set; } = "";
    public string Out { get; private set; } = "";
    public string Error { get; private set; } = "";
    public TemporaryFolder Folder => folder;
    public CancellationToken Cancellation { get; set; }
    public Func<BackupOptions, IBackupRunner>? OpenRunner { get; set; }
    public Func<string?, DemoSteps, CancellationToken, Task<Cli.Output.DemoSummary>> Demo { get; set; } = (_, _, _) => throw new InvalidOperationException("no demonstration here");

    public JsonElement Json
    {
        get
        {
            var json = JsonDocument.Parse(Out).RootElement;
            Assert.Equal(1, json.GetProperty("schemaVersion").GetInt32());
            return json;
        }
    }

    public Task<int> RunAsync(params string[] args) => RunBareAsync(["--config", config, .. args]);

    public async Task<int> RunBareAsync(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await BackupTool.RunAsync(args, new ToolHost
        {
            Out = output,
            Error = error,
            In = new StringReader(Input),
            InIsTerminal = OnTerminal,
            Environment = Environment,
            Time = Runner.Clock,
            OpenRunner = (options, _) => Task.FromResult(OpenRunner?.Invoke(options) ?? Runner),
            RunDemo = Demo,
        }, Cancellation);
        (Out, Error) = (output.ToString(), error.ToString());
        return code;
    }

    public void Dispose() => folder.Dispose();
}
