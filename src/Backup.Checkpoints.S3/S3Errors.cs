using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Backup.Contracts;

namespace Backup.Checkpoints.S3;

/// <summary>Turns what the SDK throws into errors an operator can act on.</summary>
internal static class S3Errors
{
    /// <summary>The error a user gets, or null when there is nothing to translate.</summary>
    public static BackupException? Translate(S3StoreOptions store, Exception error, CancellationToken cancellation) => error switch
    {
        BackupException => null,
        OperationCanceledException when cancellation.IsCancellationRequested => null,
        AmazonS3Exception s3 => Translate(store, s3),
        AmazonClientException { InnerException: null } when error.Message.Contains("credentials", StringComparison.OrdinalIgnoreCase) =>
            new(ErrorKind.Usage, $"there are no credentials for '{store.Name}'", "Set AccessKey and SecretKey, or give the SDK a profile, AWS_… variables or a role.", error),
        AmazonServiceException { StatusCode: HttpStatusCode.BadRequest or HttpStatusCode.Forbidden } refused => Refused(store, refused.Message, error),
        AmazonClientException or AmazonServiceException or IOException or HttpRequestException or TimeoutException or OperationCanceledException or System.Net.Sockets.SocketException or System.Xml.XmlException => Unreachable(store, error.Message, error),
        _ => null,
    };

    /// <summary>True for what may succeed when it is asked for again: throttled, failed at the server, or cut off.</summary>
    public static bool IsPassing(Exception error, CancellationToken cancellation) => error switch
    {
        AmazonS3Exception s3 => IsPassing(s3),
        OperationCanceledException => !cancellation.IsCancellationRequested,
        AmazonClientException client => client.InnerException is { } inner && IsPassing(inner, cancellation),
        // A listing that ends in its middle.
        System.Xml.XmlException => true,
        _ => error is IOException or HttpRequestException or TimeoutException or System.Net.Sockets.SocketException,
    };

    private static bool IsPassing(AmazonS3Exception error) =>
        error.StatusCode is >= HttpStatusCode.InternalServerError and not HttpStatusCode.NotImplemented or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or 0
        || error.ErrorCode is "SlowDown" or "RequestTimeout" or "OperationAborted" or "ConditionalRequestConflict";

    private static BackupException Translate(S3StoreOptions store, AmazonS3Exception error) => error switch
    {
        { ErrorCode: "NoSuchBucket" } => new(ErrorKind.NotFound, $"the bucket {store.Bucket} of '{store.Name}' is not there", "Nothing was read, and nothing is taken for deleted. Check Bucket and Endpoint.", error),
        { ErrorCode: "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "ExpiredToken" or "InvalidToken" } => Refused(store, error.ErrorCode, error),
        { StatusCode: HttpStatusCode.Forbidden } => Refused(store, error.ErrorCode, error),
        { ErrorCode: "PermanentRedirect" or "AuthorizationHeaderMalformed" or "IllegalLocationConstraintException" } =>
            new(ErrorKind.Usage, $"the bucket {store.Bucket} of '{store.Name}' is in another region: {error.Message}", "Set Region.", error),
        { ErrorCode: "QuotaExceeded" or "EntityTooLarge" } => new(ErrorKind.Failed, $"'{store.Name}' takes no more: {error.ErrorCode}", "Units that were put are whole. Make room, then run the same command again.", error),
        { ErrorCode: "NotImplemented" } => new(ErrorKind.Usage, $"the server of '{store.Name}' has no conditional writes (If-None-Match)", "Nothing was changed. A store needs them; use another server.", error),
        { ErrorCode: "RequestTimeTooSkewed" } => new(ErrorKind.Usage, $"the clock of this machine is not that of the server of '{store.Name}'", "Set the clock.", error),
        _ when IsPassing(error) => Unreachable(store, error.StatusCode == 0 ? error.InnerException?.Message ?? error.Message : $"{error.ErrorCode} ({(int)error.StatusCode})", error),
        _ => new(ErrorKind.Failed, $"'{store.Name}' reports: {error.ErrorCode} ({(int)error.StatusCode}) {error.Message}", null, error),
    };

    private static BackupException Refused(S3StoreOptions store, string why, Exception error) => new(ErrorKind.Usage, $"'{store.Name}' refuses access to {store}: {why}",
        "Correct the credentials. Backups need s3:ListBucket and s3:GetObject below the prefix; restores also s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload.", error);

    private static BackupException Unreachable(S3StoreOptions store, string why, Exception error) => new(ErrorKind.Unreachable, $"cannot reach the S3 server of '{store.Name}': {why.Split('\n')[0]}",
        "Nothing is taken for deleted. Check that the server answers and does not throttle, then run the same command again.", error);
}
