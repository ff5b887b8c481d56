using Backup.Contracts;
using Backup.Hosting.Configuration;

namespace Backup.Tests.Tool.Configuration;

public sealed class ConfigurationTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, string> environment = new() { ["XDG_STATE_HOME"] = "/state" };

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Everything_is_read()
    {
        var options = Load("""
            {"Logging":{"LogLevel":{"Default":"Warning"}}, "Backup":{
              "Sources":{"prod":{"Kind":"postgres","ConnectionString":"Host=db","Schema":"chat","Writable":true},"cluster":{"Kind":"memory","Log":{"Enabled":true,"TickSeconds":5}}},
              "Archives":{"main":{"Kind":"local","Path":"archive","KeyFile":"/keys/main","CompressionLevel":5}},
              "Cluster":{"Kind":"redis","ConnectionString":"redis:6379","ClusterId":"c","ServiceId":"s","SiloPort":11112,"GatewayPort":30001,
                "AdvertisedAddress":"10.0.0.5","Tls":{"Certificate":"node.pem","Key":"node.key","Authority":"ca.pem"}},
              "State":{"ConnectionString":"Host=state"},
              "Http":{"Url":"http://0.0.0.0:9090","Token":"t"},
              "Workers":3, "StateFolder":"own"}}
            """);
        Assert.Equal(["cluster", "prod"], options.Sources.Keys.Order());
        var prod = options.Source("prod");
        Assert.Equal(("postgres", "Host=db", "chat", true), (prod.Kind, prod.ConnectionString, prod.Schema, prod.Writable));
        Assert.Equal(("memory", false), (options.Source("cluster").Kind, options.Source("cluster").Writable));
        Assert.Equal((true, 5, false), (options.Source("cluster").Log.Enabled, options.Source("cluster").Log.TickSeconds, options.Source("prod").Log.Enabled));
        var main = options.Archive("main");
        Assert.Equal((Path.Combine(folder.Path, "archive"), "/keys/main", 5), (main.Path, main.KeyFile, main.CompressionLevel));
        var cluster = options.Cluster!;
        Assert.Equal(("redis", "redis:6379", "c", "s", 11112, 30001, "10.0.0.5", false),
            (cluster.Kind, cluster.ConnectionString, cluster.ClusterId, cluster.ServiceId, cluster.SiloPort, cluster.GatewayPort, cluster.AdvertisedAddress.ToString(), cluster.Insecure));
        Assert.Equal(Path.Combine(folder.Path, "ca.pem"), cluster.Tls!.Authority);
        Assert.Equal("Host=state", options.State.ConnectionString);
        Assert.Equal(("http://0.0.0.0:9090", "t"), (options.Http.Url, options.Http.Token));
        Assert.Equal((3, Path.Combine(folder.Path, "own")), (options.Workers, options.StateFolder));
    }

    [Fact]
    public void A_store_in_Redis_names_its_layout()
    {
        const string Archives = """ "Archives":{"main":{"Kind":"local","Path":"/a","KeyFile":"/k"}}}}""";
        var set = Load("""{"Backup":{"Sources":{"chat":{"Kind":"redis","ConnectionString":"redis:6379,ssl=true","Layout":"plain","Prefix":"p","MaxReadMBPerSecond":5,"Writable":true}},""" + Archives).Source("chat");
        Assert.Equal(("redis", "redis:6379,ssl=true", "plain", "p", 5, true), (set.Kind, set.ConnectionString, set.Layout, set.Prefix, set.MaxReadMBPerSecond, set.Writable));
        Assert.Equal(("langgraph", (int?)20), Load("""{"Backup":{"Sources":{"chat":{"Kind":"redis","ConnectionString":"r","Layout":"plain"}},""" + Archives).Source("chat") is var left ? (left.Prefix, left.MaxReadMBPerSecond) : default);
        Assert.Null(Load("""{"Backup":{"Sources":{"chat":{"Kind":"redis","ConnectionString":"r","Layout":"plain","MaxReadMBPerSecond":0}},""" + Archives).Source("chat").MaxReadMBPerSecond);
        foreach (var layout in new[] { "langgraph-js", "langgraph-python", "langgraph-js-shallow", "langgraph-python-shallow" })
            Assert.Equal(layout, Load($$$"""{"Backup":{"Sources":{"chat":{"Kind":"redis","ConnectionString":"r","Layout":"{{{layout}}}"}},""" + Archives).Source("chat").Layout);
        foreach (var (settings, problem) in new[]
        {
            (""" "ConnectionString":"r" """, "Layout is missing"), (""" "Layout":"plain" """, "ConnectionString is missing"), (""" "ConnectionString":"r","Layout":"langgraph-python","Prefix":"p" """, "LangGraph's saver has none"),
            (""" "ConnectionString":"r","Layout":"langgraph-js","Prefix":"p" """, "LangGraph's saver has none"),
            (""" "ConnectionString":"r","Layout":"fancy" """, "Layout must be \"plain\""), (""" "ConnectionString":"r","Layout":"plain","Schema":"s" """, "Schema is not a setting"),
        })
            Assert.Contains(problem, Assert.Throws<BackupException>(() => Load($$$"""{"Backup":{"Sources":{"chat":{"Kind":"redis",{{{settings}}}}},""" + Archives)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_store_in_S3_names_its_bucket_and_keeps_its_secret()
    {
        const string Archives = """ "Archives":{"main":{"Kind":"local","Path":"/a","KeyFile":"/k"}}}}""";
        BackupOptions Read(string settings) => Load($$$"""{"Backup":{"Sources":{"chat":{"Kind":"s3",{{{settings}}}}},""" + Archives);
        var set = Read(""" "Bucket":"b","Prefix":"prod/chat","Endpoint":"https://s3:9000","Region":"r","AccessKey":"a","SecretKey":"hidden","MaxReadMBPerSecond":5,"Writable":true """).Source("chat");
        Assert.Equal(("b", "prod/chat", new Uri("https://s3:9000"), "r", "a", "hidden", 5, true), (set.Bucket, set.Prefix, set.Endpoint, set.Region, set.AccessKey, set.SecretKey, set.MaxReadMBPerSecond, set.Writable));
        var left = Read(""" "Bucket":"b" """).Source("chat");
        Assert.Equal(("langgraph", null, null, null, null), (left.Prefix, left.Endpoint, left.Region, left.AccessKey, left.SecretKey));
        foreach (var (settings, problem) in new[]
        {
            (""" "Prefix":"p" """, "Bucket is missing"), (""" "Bucket":"b","Prefix":"/p" """, "Prefix must be"), (""" "Bucket":"b","Prefix":"p/../q" """, "Prefix must be"), (""" "Bucket":"b","Prefix":"ä" """, "Prefix must be"),
            (""" "Bucket":"b","Endpoint":"s3:9000" """, "Endpoint must be"), (""" "Bucket":"b","Endpoint":"https://a:b@s3" """, "Endpoint must be"), (""" "Bucket":"b","SecretKey":"hidden" """, "belong together"),
            (""" "Bucket":"b","ConnectionString":"hidden" """, "ConnectionString is not a setting"),
        })
        {
            var error = Assert.Throws<BackupException>(() => Read(settings));
            Assert.Contains(problem, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("hidden", error.Message + error.Hint, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_left_out_has_its_default()
    {
        var options = Load("""{"Backup":{"Sources":{"prod":{"Kind":"postgres","ConnectionString":"Host=db"}},"Archives":{"main":{"Kind":"local","Path":"/a","PassphraseEnvironment":"PASS"}}}}""");
        Assert.Null(options.Cluster);
        Assert.Equal("public", options.Source("prod").Schema);
        Assert.Equal(3, options.Archive("main").CompressionLevel);
        Assert.Equal("/state/backup-orleans", options.StateFolder);
        Assert.Equal(BackupOptions.DefaultWorkers, options.Workers);
        Assert.Equal("main", options.ArchiveName(null));
    }

    [Fact]
    public void A_log_is_read_and_goes_to_the_only_archive_when_none_is_named()
    {
        const string Archives = """ "Archives":{"main":{"Kind":"local","Path":"/a","KeyFile":"/k"}}}}""";
        var set = Load("""{"Backup":{"Sources":{"prod":{"Kind":"postgres","ConnectionString":"x","Log":{"Enabled":true,"Archive":"main","MaxRetainedMB":100,"TickSeconds":3}}},""" + Archives).Source("prod").Log;
        Assert.Equal((true, "main", 100, 3), (set.Enabled, set.Archive, set.MaxRetainedMB, set.TickSeconds));
        var left = Load("""{"Backup":{"Sources":{"prod":{"Kind":"postgres","ConnectionString":"x","Log":{"Enabled":true}},"other":{"Kind":"postgres","ConnectionString":"x"}},""" + Archives);
        Assert.Equal((true, 4096, 2, "main"), (left.Source("prod").Log.Enabled, left.Source("prod").Log.MaxRetainedMB, left.Source("prod").Log.TickSeconds, left.LogArchive("prod")));
        Assert.False(left.Source("other").Log.Enabled);
    }

    [Fact]
    public void The_environment_overrides_the_file_in_any_case()
    {
        environment["Backup__Sources__prod__ConnectionString"] = "Host=other";
        environment["BACKUP__SOURCES__PROD__WRITABLE"] = "true";
        environment["BACKUP_CONFIG"] = folder.File("named.json", """{"Backup":{"Sources":{"prod":{"Kind":"postgres","ConnectionString":"Host=db"}}}}""");
        var prod = Assert.Single(BackupConfiguration.Load(null, environment).Sources);
        Assert.Equal(("prod", "Host=other", true), (prod.Key, prod.Value.ConnectionString, prod.Value.Writable));
    }

    [Fact]
    public void The_environment_alone_is_enough()
    {
        environment["Backup__Archives__main__Kind"] = "local";
        environment["Backup__Archives__main__Path"] = "/a";
        environment["Backup__Archives__main__KeyFile"] = "/k";
        Assert.Equal("/a", BackupConfiguration.Load(null, environment).Archive("main").Path);
    }

    [Theory]
    [InlineData("""{"Backup":{"Sources":{"prod":{"Kind":"postgres","ConectionString":"Host=db"}}}}""", "Backup:Sources:prod:ConectionString is not a setting; did you mean ConnectionString?")]
    [InlineData("""{"Backup":{"Sources":{"prod":{"Kind":"postgres"}}}}""", "Backup:Sources:prod:ConnectionString is missing")]
    [InlineData("""{"Backup":{"Sources":{"prod":{"Kind":"postgress","ConnectionString":"x"}}}}""", "did you mean \"postgres\"?")]
    [InlineData("""{"Backup":{"Sources":{"prod":{"ConnectionString":"x"}}}}""", "Backup:Sources:prod:Kind is missing")]
    [InlineData("""{"Backup":{"Sources":{"mem":{"Kind":"memory","ConnectionString":"x"}}}}""", "Backup:Sources:mem:ConnectionString is not a setting here")]
    [InlineData("""{"Backup":{"Sources":{"Prod":{"Kind":"memory"}}}}""", "'Prod' is not a name")]
    [InlineData("""{"Backup":{"Sources":{"my-db":{"Kind":"memory"}}}}""", "'my-db' is not a name")]
    [InlineData("""{"Backup":{"Sources":["prod"]}}""", "'0' is not a name")]
    [InlineData("""{"Backup":{"Sources":"prod"}}""", "Backup:Sources must be an object")]
    [InlineData("""{"Backup":{"Sources":{"prod":"Host=db"}}}""", "Backup:Sources:prod must be an object")]
    [InlineData("""{"Backup":{"Sources":{"prod":{"Kind":"postgres","ConnectionString":{"Host":"db"}}}}}""", "Backup:Sources:prod:ConnectionString must be text")]
    [InlineData("""{"Backup":{"Sources":{"mem":{"Kind":"memory","Writable":"maybe"}}}}""", "Backup:Sources:mem:Writable must be true or false, not 'maybe'")]
    [InlineData("""{"Backup":{"Sourcs":{}, "Workers":2}}""", "Backup:Sourcs is not a setting; did you mean Sources?")]
    [InlineData("""{"Backup":{"Workers":0}}""", "Backup:Workers must be a whole number from 1")]
    [InlineData("""{"Backup":{"Archives":{"main":{"Kind":"local","KeyFile":"/k"}}}}""", "Backup:Archives:main:Path is missing")]
    [InlineData("""{"Backup":{"Archives":{"main":{"Kind":"local","Path":"/a"}}}}""", "Backup:Archives:main: KeyFile is missing")]
    [InlineData("""{"Backup":{"Archives":{"main":{"Kind":"local","Path":"/a","KeyFile":"/k","PassphraseFile":"/p"}}}}""", "more than one of KeyFile")]
    [InlineData("""{"Backup":{"Archives":{"main":{"Kind":"local","Path":"/a","KeyFile":"/k","CompressionLevel":"high"}}}}""", "CompressionLevel must be a whole number from 1 to 19, not 'high'")]
    [InlineData("""{"Backup":{"Cluster":{"Kind":"redis","ConnectionString":"r"}}}""", "State:ConnectionString is missing")]
    [InlineData("""{"Backup":{"Cluster":{"Kind":"localhost","AdvertisedAddress":"10.0.0.5"}}}""", "set Tls with Certificate, Key and Authority, or \"Insecure\": true")]
    [InlineData("""{"Backup":{"Cluster":{"Kind":"localhost","Tls":{"Certificate":"c"}}}}""", "Backup:Cluster:Tls:Key is missing")]
    [InlineData("""{"Backup":{"Http":{"Url":"nowhere"},"Workers":2}}""", "Backup:Http: Url must be like")]
    [InlineData("""{"Backup":{"Sources":{"prod":{"Kind":"postgres","ConnectionString":"x","Log":{"Enabled":true}}}}}""", "Backup:Sources:prod:Log: Archive is missing")]
    [InlineData("""{"Backup":{"Sources":{"prod":{"Kind":"postgres","ConnectionString":"x","Log":{"Enabled":true,"Archive":"mian"}}},"Archives":{"main":{"Kind":"local","Path":"/a","KeyFile":"/k"}}}}""", "Backup:Sources:prod:Log: Archive: no archive named 'mian' is configured; did you mean 'main'?")]
    [InlineData("""{"Backup":{"Sources":{"prod":{"Kind":"postgres","ConnectionString":"x","Log":{"TickSeconds":6}}}}}""", "Backup:Sources:prod:Log:TickSeconds must be a whole number from 1 to 5, not '6'")]
    [InlineData("""{"Backup":{"Sources":{"prod":{"Kind":"postgres","ConnectionString":"x","Log":{"MaxRetained":6}}}}}""", "Backup:Sources:prod:Log:MaxRetained is not a setting; did you mean MaxRetainedMB?")]
    [InlineData("""{"Backup":{"Sources":{"prod":{"Kind":"postgres","ConnectionString":"x","Log":true}}}}""", "Backup:Sources:prod:Log must be an object")]
    [InlineData("""{"Bakcup":{}}""", "has no section Backup")]
    [InlineData("{\n\"Backup\": {\n,\n", "is not JSON: see line 3")]
    [InlineData("""{"Backup":{"Workers":1,"workers":2}}""", "duplicate key")]
    public void What_is_wrong_is_named(string json, string expected)
    {
        var error = Assert.Throws<BackupException>(() => Load(json));
        Assert.Equal(ErrorKind.Usage, error.Kind);
        Assert.Contains(expected, error.Message);
        Assert.NotNull(error.Hint);
    }

    [Fact]
    public void Everything_wrong_is_said_at_once()
    {
        var error = Assert.Throws<BackupException>(() => Load("""{"Backup":{"Sources":{"a":{"Kind":"postgres"},"b":{"Kind":"x"}},"Workers":"many","Extra":1}}"""));
        foreach (var path in new[] { "Backup:Sources:a:ConnectionString", "Backup:Sources:b:Kind", "Backup:Workers", "Backup:Extra" }) Assert.Contains(path, error.Message);
        Assert.Contains("4 settings are wrong", error.Message);
    }

    [Fact]
    public void No_secret_is_ever_printed()
    {
        const string Secret = "hunter2";
        environment["Backup__State__ConnectionString"] = $"Password={Secret}";
        environment["Backup__State__Folder"] = "/x";
        var json = """{"Backup":{"Sources":{"prod":{"Kind":"postgres","ConnectionString":"Password=SECRET","Wrong":"SECRET"}},"Http":{"Token":"SECRET"},"Cluster":{"Kind":"redi","ConnectionString":"SECRET"}}}""".Replace("SECRET", Secret);
        var error = Assert.Throws<BackupException>(() => Load(json));
        Assert.DoesNotContain(Secret, error.ToString() + error.Hint);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        var error = Assert.Throws<BackupException>(() => BackupConfiguration.Load("/nowhere/backup.json", environment));
        Assert.Contains("/nowhere/backup.json", error.Message);
    }

    [Fact]
    public void No_configuration_says_how_to_give_one()
    {
        var error = Assert.Throws<BackupException>(() => BackupConfiguration.Load(null, environment));
        Assert.Equal(ErrorKind.Usage, error.Kind);
        Assert.Contains("--config FILE", error.Hint);
    }

    [Fact]
    public void Names_are_looked_up_with_help()
    {
        var options = Load("""{"Backup":{"Sources":{"prod":{"Kind":"memory"},"spare":{"Kind":"memory","Writable":true}}}}""");
        var unknown = Assert.Throws<BackupException>(() => options.Source("prdo"));
        Assert.Equal((ErrorKind.NotFound, true), (unknown.Kind, unknown.Hint!.Contains("Did you mean 'prod'?")));
        Assert.Equal(ErrorKind.Usage, Assert.Throws<BackupException>(() => options.Target("prod")).Kind);
        Assert.True(options.Target("spare").Writable);
        Assert.Equal(ErrorKind.Usage, Assert.Throws<BackupException>(() => options.ArchiveName(null)).Kind);
    }

    private BackupOptions Load(string json) => BackupConfiguration.Load(folder.File("backup.json", json), environment);
}
