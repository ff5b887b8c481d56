using Backup.Contracts;

namespace Backup.Tests.Tool.Surface;

public sealed class ErrorTests : IDisposable
{
    private readonly ToolRun tool = new();

    public void Dispose() => tool.Dispose();

    [Theory]
    [InlineData(ErrorKind.Failed, 1, "failed")]
    [InlineData(ErrorKind.Usage, 2, "usage")]
    [InlineData(ErrorKind.Damage, 3, "damage")]
    [InlineData(ErrorKind.NotFound, 4, "notFound")]
    [InlineData(ErrorKind.Conflict, 5, "conflict")]
    [InlineData(ErrorKind.Differs, 6, "differs")]
    [InlineData(ErrorKind.WrongKey, 7, "wrongKey")]
    [InlineData(ErrorKind.Unreachable, 8, "unreachable")]
    public async Task Every_kind_has_its_code(ErrorKind kind, int code, string name)
    {
        tool.Runner.Fails = new BackupException(kind, "what is wrong", "what to do");
        Assert.Equal(code, await tool.RunAsync("list"));
        Assert.Equal("backup: what is wrong\n  what to do\n", tool.Error.ReplaceLineEndings("\n"));
        Assert.Empty(tool.Out);
        Assert.Equal(code, await tool.RunAsync("list", "--json"));
        var error = tool.Json.GetProperty("error");
        Assert.Equal((code, name, "what is wrong", "what to do"), (error.GetProperty("code").GetInt32(), error.GetProperty("kind").GetString(),
            error.GetProperty("message").GetString(), error.GetProperty("hint").GetString()));
    }

    [Fact]
    public async Task A_defect_is_one_line_and_its_trace_comes_only_when_asked_for()
    {
        tool.Runner.Fails = new InvalidOperationException("first\nsecond");
        Assert.Equal(1, await tool.RunAsync("list"));
        Assert.Contains("unexpected error, InvalidOperationException: first second", tool.Error);
        Assert.DoesNotContain("   at ", tool.Error);
        Assert.Equal(1, await tool.RunAsync("list", "--debug"));
        Assert.Contains("   at ", tool.Error);
        tool.Environment["BACKUP_DEBUG"] = "1";
        Assert.Equal(1, await tool.RunAsync("list"));
        Assert.Contains("   at ", tool.Error);
    }

    [Fact]
    public async Task An_interruption_exits_130()
    {
        tool.Cancellation = new CancellationToken(canceled: true);
        tool.Runner.Fails = new OperationCanceledException();
        Assert.Equal(130, await tool.RunAsync("create", "prod"));
        Assert.Contains("interrupted", tool.Error);
    }

    [Theory]
    [InlineData("there is no command 'creat'", "creat", "prod")]
    [InlineData("Did you mean create?", "creat", "prod")]
    [InlineData("create: SOURCE is missing", "create")]
    [InlineData("create: there is no option --archiv", "create", "prod", "--archiv", "x")]
    [InlineData("Did you mean --archive?", "create", "prod", "--archiv", "x")]
    [InlineData("'b' is one argument too many", "show", "a", "b")]
    [InlineData("say what to do: init, check", "archive")]
    [InlineData("run show: RUN is missing", "run", "show")]
    [InlineData("--backup needs a value", "restore", "--to", "spare", "--backup")]
    [InlineData("verify needs a backup", "verify")]
    [InlineData("not both", "verify", "b", "--all")]
    [InlineData("--against compares one backup", "verify", "--all", "--against", "prod")]
    [InlineData("no strategy 'weekly'", "create", "prod", "--strategy", "weekly")]
    [InlineData("--thread ID is missing", "thread", "show", "--source", "prod")]
    [InlineData("--to may be given once", "restore", "--source", "prod", "--to", "a", "--to", "b")]
    public async Task Wrong_use_exits_2_in_text_and_in_json(string message, params string[] args)
    {
        Assert.Equal(2, await tool.RunAsync(args));
        Assert.Contains(message, tool.Error);
        Assert.Equal(2, tool.Error.Trim().Split('\n').Length);
        Assert.Empty(tool.Out);
        Assert.Equal(2, await tool.RunAsync([.. args, "--json"]));
        Assert.Equal("usage", tool.Json.GetProperty("error").GetProperty("kind").GetString());
    }

    [Fact]
    public async Task An_unknown_source_is_not_found()
    {
        Assert.Equal(4, await tool.RunAsync("create", "prodd"));
        Assert.Contains("Did you mean 'prod'?", tool.Error);
        Assert.Equal(4, await tool.RunAsync("list", "--archive", "mian"));
        Assert.Empty(tool.Runner.Asked);
    }

    [Fact]
    public async Task Configuration_comes_first()
    {
        Assert.Equal(2, await tool.RunBareAsync("--config", "/nowhere/x.json", "verify"));
        Assert.Contains("/nowhere/x.json", tool.Error);
    }
}
