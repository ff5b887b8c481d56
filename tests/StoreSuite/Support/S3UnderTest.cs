using Amazon.Runtime;
using Amazon.S3;
using Backup.Checkpoints.S3;
using Backup.Checkpoints.S3.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Tests.StoreSuite.Support;

/// <summary>A store in S3 under a prefix of its own, all in one bucket.</summary>
internal sealed class S3UnderTest : StoreUnderTest
{
    private static readonly Lazy<Task> Made = new(() => Connect().PutBucketAsync("stores"));
    private readonly S3Store store;

    public S3UnderTest(Uri? endpoint = null, TimeProvider? time = null, S3UnderTest? like = null)
    {
        Made.Value.GetAwaiter().GetResult();
        var login = Server.UserInfo.Split(':');
        Options = new() { Name = "s3", Bucket = "stores", Prefix = like?.Options.Prefix ?? $"test/{Randomness.Token(8)}", Endpoint = endpoint ?? Address, AccessKey = login[0], SecretKey = login[1], Writable = true };
        (store, App) = (new(Options, time), new(Options, time));
        Bucket = new(Options, TimeProvider.System);
    }

    public static Uri Server => Environment.GetEnvironmentVariable("TEST_S3") is { Length: > 0 } value ? new(value)
        : throw new InvalidOperationException("TEST_S3 is not set: it must be http://KEY:SECRET@host:port of an S3 server. Run tests/run.sh, which starts the servers.");

    public static Uri Address => new($"http://{Server.Authority}");

    /// <summary>Another checkpointer of the same store, as another process has.</summary>
    public S3Checkpointer Process(int longLog = 8) => new(Options) { LongLog = longLog };

    /// <summary>The same store without what is between.</summary>
    public S3Store Direct() => new(Options with { Endpoint = Address });

    /// <summary>Takes the marks of restores away, as time does with those that died.</summary>
    public async Task ForgetMarksAsync()
    {
        using var bucket = new S3Bucket(Options with { Endpoint = Address }, TimeProvider.System);
        await bucket.DeleteAsync((await bucket.ListAllAsync(StoreKeys.Marks, default)).Select(m => m.Key), default);
    }

    public S3StoreOptions Options { get; }

    public S3Checkpointer App { get; }

    /// <summary>For what no app would do.</summary>
    public S3Bucket Bucket { get; }

    public override ICheckpointSource Source => store;

    public override ICheckpointTarget Target => store;

    public async Task<S3UnderTest> SetupAsync()
    {
        await App.SetupAsync();
        return this;
    }

    public override async Task WriteAsync(Contents contents)
    {
        await Parallel.ForEachAsync(contents.Units, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (unit, _) => await App.WriteAsync(unit, [.. contents.Records(unit)]));
    }

    public override Task DeleteAsync(string thread) => App.DeleteThreadAsync(thread);

    public override StoreUnderTest Another() => new S3UnderTest();

    /// <summary>Every key below the prefix.</summary>
    public async Task<List<string>> KeysAsync(string prefix = "") => (await Bucket.ListAllAsync(prefix, default)).ConvertAll(o => o.Key);

    public override async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        App.Dispose();
        Bucket.Dispose();
    }

    private static AmazonS3Client Connect()
    {
        var login = Server.UserInfo.Split(':');
        return new(new BasicAWSCredentials(login[0], login[1]), new AmazonS3Config { ServiceURL = Address.ToString(), ForcePathStyle = true, AuthenticationRegion = "us-east-1" });
    }
}
