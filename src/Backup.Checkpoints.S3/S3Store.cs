using System.Globalization;
using Backup.Checkpoints.S3.Capture;
using Backup.Checkpoints.S3.Layouts;
using Backup.Checkpoints.S3.Restore;
using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Checkpoints.S3;

/// <summary>A checkpoint store in S3 (docs/s3.md), as source and as target.</summary>
public sealed class S3Store : ICheckpointSource, ICheckpointTarget
{
    /// <summary>The kind of this store.</summary>
    public const string KindName = "s3";

    private readonly S3StoreOptions options;
    private readonly TimeProvider time;
    private readonly S3Bucket bucket;

    /// <summary>The store at a place.</summary>
    /// <param name="options">Where it is.</param>
    /// <param name="time">Clock of waits; the system's when null.</param>
    public S3Store(S3StoreOptions options, TimeProvider? time = null)
    {
        (this.options, this.time) = (options, time ?? TimeProvider.System);
        bucket = new(options, this.time);
    }

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public async Task<ISourceCut> CutAsync(CancellationToken cancellation)
    {
        var facts = await StoreFacts.ReadAsync(options, bucket, cancellation)
            ?? throw new BackupException(ErrorKind.NotFound, $"'{options.Name}' has no store at {options}", "Nothing was captured, and nothing is taken for deleted. Check Bucket and Prefix; a bucket that was emptied looks like this too.");
        return new LogCut(options, bucket, facts, LogCut.Describe(facts));
    }

    /// <inheritdoc/>
    /// <remarks>Nothing holds a cut of S3: it can be joined as long as the store is the one it was taken of.</remarks>
    public async Task<ISourceCut> JoinCutAsync(string token, CancellationToken cancellation)
    {
        if (token.Split('/') is not [var id, var ticks] || await StoreFacts.ReadAsync(options, bucket, cancellation) is not { } facts || facts.Layout.Id != id) throw new CutLostException(token);
        return new LogCut(options, bucket, facts, LogCut.Describe(facts, token, new(long.Parse(ticks, CultureInfo.InvariantCulture), TimeSpan.Zero)));
    }

    /// <inheritdoc/>
    public async Task<ISourceCut?> InspectAsync(TargetIntent intent, CancellationToken cancellation)
    {
        EnsureWritable();
        return await StoreFacts.ReadAsync(options, bucket, cancellation) is { } facts ? new LogCut(options, bucket, facts, LogCut.Describe(facts)) : null;
    }

    /// <inheritdoc/>
    public Task<ITargetSession> OpenAsync(TargetIntent intent, CancellationToken cancellation)
    {
        EnsureWritable();
        return LogSession.OpenAsync(options, bucket, intent, time, cancellation);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        bucket.Dispose();
        return default;
    }

    private void EnsureWritable()
    {
        if (!options.Writable)
            throw new BackupException(ErrorKind.Usage, $"'{options.Name}' is not writable, so nothing is restored into it",
                $"Set \"Writable\": true on Backup:Sources:{options.Name} if it really is the target.");
    }
}
