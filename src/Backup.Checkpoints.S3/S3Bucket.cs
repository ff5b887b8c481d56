using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Amazon.S3.Transfer;

namespace Backup.Checkpoints.S3;

/// <summary>An object as a listing shows it.</summary>
internal readonly record struct ListedObject(string Key, DateTimeOffset Modified)
{
    /// <summary>True when it is a mark that was renewed not long before.</summary>
    public bool IsLive(DateTimeOffset now) => now - Modified < Layouts.StoreFacts.MarkLifetime;
}

/// <summary>The few calls that a store needs, below its prefix. Every error is translated; what is throttled or cut off is tried again for a while.</summary>
internal sealed class S3Bucket : IDisposable
{
    // Larger objects are uploaded in parts.
    private const long Multipart = 32 << 20;
    private const int Attempts = 8;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private readonly S3StoreOptions store;
    private readonly TimeProvider time;
    private readonly Lazy<AmazonS3Client> client;
    private long serverTicks;

    public S3Bucket(S3StoreOptions store, TimeProvider time)
    {
        (this.store, this.time) = (store, time);
        client = new(Connect);
    }

    /// <summary>What the server's clock said in its last answer, in whole seconds.</summary>
    public DateTimeOffset ServerTime => new(Volatile.Read(ref serverTicks), TimeSpan.Zero);

    /// <summary>The objects whose keys begin so, in the order of their keys' bytes.</summary>
    /// <param name="prefix">Below the store's own.</param>
    /// <param name="after">Only keys behind this one.</param>
    /// <param name="cancellation">Cancels.</param>
    public async IAsyncEnumerable<ListedObject> ListAsync(string prefix, string? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var request = new ListObjectsV2Request { BucketName = store.Bucket, Prefix = Full(prefix), StartAfter = after is null ? null : Full(after) };
        while (true)
        {
            var page = await RunAsync(s3 => s3.ListObjectsV2Async(request, cancellation), cancellation);
            foreach (var found in page.S3Objects ?? []) yield return new(found.Key[(store.Prefix.Length + 1)..], new((found.LastModified ?? default).ToUniversalTime()));
            if (page.IsTruncated != true) yield break;
            if (page.NextContinuationToken is null) throw new IOException("a listing broke off");
            request.ContinuationToken = page.NextContinuationToken;
        }
    }

    /// <summary>All of <see cref="ListAsync"/>, for what is short.</summary>
    public async Task<List<ListedObject>> ListAllAsync(string prefix, CancellationToken cancellation)
    {
        var all = new List<ListedObject>();
        await foreach (var found in ListAsync(prefix, null, cancellation)) all.Add(found);
        return all;
    }

    /// <summary>The first key that begins so, behind another; null when there is none.</summary>
    public async Task<string?> FirstAsync(string prefix, string? after, CancellationToken cancellation)
    {
        var request = new ListObjectsV2Request { BucketName = store.Bucket, Prefix = Full(prefix), StartAfter = after is null ? null : Full(after), MaxKeys = 1 };
        var page = await RunAsync(s3 => s3.ListObjectsV2Async(request, cancellation), cancellation);
        return page.S3Objects is [var first, ..] ? first.Key[(store.Prefix.Length + 1)..] : null;
    }

    /// <summary>An object's bytes; null when it is not there.</summary>
    public Task<byte[]?> GetAsync(string key, CancellationToken cancellation) => RunAsync(async s3 =>
    {
        try
        {
            using var response = await s3.GetObjectAsync(new GetObjectRequest { BucketName = store.Bucket, Key = Full(key) }, cancellation);
            var bytes = new byte[response.ContentLength];
            await response.ResponseStream.ReadExactlyAsync(bytes, cancellation);
            return await response.ResponseStream.ReadAsync(new byte[1], cancellation) == 0 ? bytes : throw new IOException("an answer is longer than it says");
        }
        catch (AmazonS3Exception error) when (error.StatusCode == HttpStatusCode.NotFound && error.ErrorCode != "NoSuchBucket")
        {
            return null;
        }
    }, cancellation);

    /// <summary>Writes an object, over one that is there.</summary>
    public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation) => content.Length <= Multipart
        ? RunAsync(s3 => s3.PutObjectAsync(Request(key, content), cancellation), cancellation)
        : RunAsync(async s3 =>
        {
            using var transfer = new TransferUtility(s3, new TransferUtilityConfig { MinSizeBeforePartUpload = Multipart, ConcurrentServiceRequests = 2 });
            await transfer.UploadAsync(new TransferUtilityUploadRequest { BucketName = store.Bucket, Key = Full(key), InputStream = Stream(content), PartSize = Multipart / 2 }, cancellation);
            return true;
        }, cancellation);

    /// <summary>Writes an object unless there is one. False when there is one, which may be this one: an answer can be lost.</summary>
    public Task<bool> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation) => RunAsync(async s3 =>
    {
        try
        {
            var request = Request(key, content);
            request.IfNoneMatch = "*";
            await s3.PutObjectAsync(request, cancellation);
            return true;
        }
        catch (AmazonS3Exception error) when (error.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            return false;
        }
    }, cancellation);

    /// <summary>Deletes objects; one that is not there is fine.</summary>
    public async Task DeleteAsync(IEnumerable<string> keys, CancellationToken cancellation)
    {
        foreach (var chunk in keys.Chunk(1000))
        {
            if (chunk is [var one]) await RunAsync(s3 => s3.DeleteObjectAsync(store.Bucket, Full(one), cancellation), cancellation);
            else await RunAsync(s3 => s3.DeleteObjectsAsync(new DeleteObjectsRequest { BucketName = store.Bucket, Objects = [.. chunk.Select(k => new KeyVersion { Key = Full(k) })], Quiet = true }, cancellation), cancellation);
        }
    }

    public void Dispose()
    {
        if (client.IsValueCreated) client.Value.Dispose();
    }

    private PutObjectRequest Request(string key, ReadOnlyMemory<byte> content) => new() { BucketName = store.Bucket, Key = Full(key), InputStream = Stream(content), ContentType = "application/octet-stream" };

    private static MemoryStream Stream(ReadOnlyMemory<byte> content) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(content, out var array) ? new(array.Array!, array.Offset, array.Count, writable: false) : new(content.ToArray(), writable: false);

    private string Full(string key) => $"{store.Prefix}/{key}";

    // All attempts are made here: the SDK's own do not cover an answer that breaks off in its middle.
    private async Task<T> RunAsync<T>(Func<AmazonS3Client, Task<T>> call, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call(client.Value);
            }
            catch (Exception error) when (attempt < Attempts && S3Errors.IsPassing(error, cancellation))
            {
                var pause = Pause * Math.Pow(2, attempt - 1);
                await Task.Delay(pause < LongestPause ? pause : LongestPause, time, cancellation);
            }
            catch (Exception error) when (S3Errors.Translate(store, error, cancellation) is { } known)
            {
                throw known;
            }
        }
    }

    private AmazonS3Client Connect()
    {
        var config = new AmazonS3Config
        {
            // Servers other than AWS's do not all know the newer checksums. Every object here carries its own.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            MaxErrorRetry = 0,
        };
        if (store.Endpoint is { } endpoint)
        {
            (config.ServiceURL, config.ForcePathStyle) = (endpoint.ToString(), true);
            config.AuthenticationRegion = store.Region ?? "us-east-1";
        }
        else if (store.Region is { } region) config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        var connected = store.AccessKey is { } access ? new AmazonS3Client(new BasicAWSCredentials(access, store.SecretKey), config) : new AmazonS3Client(config);
        connected.AfterResponseEvent += (_, answer) =>
        {
            if (answer is WebServiceResponseEventArgs { ResponseHeaders: { } headers } && headers.TryGetValue("Date", out var text)
                && DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
                Volatile.Write(ref serverTicks, date.UtcTicks);
        };
        return connected;
    }
}
