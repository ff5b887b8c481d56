using Backup.Checkpoints.Stores;

namespace Backup.Checkpoints.S3;

/// <summary>Where a checkpoint store in S3 is.</summary>
public sealed record S3StoreOptions
{
    /// <summary>The prefix of keys when none is configured.</summary>
    public const string DefaultPrefix = "langgraph";

    /// <summary>Configured name, for messages.</summary>
    public required string Name { get; init; }
    /// <summary>The bucket, which must be there.</summary>
    public required string Bucket { get; init; }
    /// <summary>What every key of the store begins with, before a slash.</summary>
    public string Prefix { get; init; } = DefaultPrefix;
    /// <summary>Address of a server that is not AWS's, as <c>https://host:port</c>; null for AWS.</summary>
    public Uri? Endpoint { get; init; }
    /// <summary>The region; null for what the SDK finds (environment, profile, instance).</summary>
    public string? Region { get; init; }
    /// <summary>The access key; null for the credentials the SDK finds.</summary>
    public string? AccessKey { get; init; }
    /// <summary>The secret key that belongs to it. Never printed.</summary>
    public string? SecretKey { get; init; }
    /// <summary>True when restores may write here.</summary>
    public bool Writable { get; init; }
    /// <summary>How many bytes a second captures of it read, all in this process together; null for as many as they can.</summary>
    public RateLimit? ReadLimit { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"s3://{Bucket}/{Prefix}";
}
