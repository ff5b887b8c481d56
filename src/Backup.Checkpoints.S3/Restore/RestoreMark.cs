using System.Globalization;
using Backup.Checkpoints.S3.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Checkpoints.S3.Restore;

/// <summary>
/// The object that says who restores into the store; of several the one with the highest number counts. While it begins with <c>x/</c> apps
/// do not write. It is written again and again, and does not count any more when its owner is gone. A later owner of the same run takes over at once.
/// </summary>
internal sealed class RestoreMark : IAsyncDisposable
{
    private static readonly TimeSpan RenewEvery = StoreFacts.MarkLifetime / 6;
    private static readonly TimeSpan Patience = StoreFacts.MarkLifetime + TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private readonly S3Bucket bucket;
    private readonly string key;
    private readonly byte[] value;
    private readonly ITimer renewal;
    // A renewal that is on its way would make the mark anew behind its removal.
    private readonly SemaphoreSlim renewing = new(1);
    private volatile bool lost;

    private RestoreMark(S3Bucket bucket, string key, byte[] value, TimeProvider time)
    {
        (this.bucket, this.key, this.value) = (bucket, key, value);
        renewal = time.CreateTimer(_ => _ = TryRenewAsync(), null, RenewEvery, RenewEvery);
    }

    /// <summary>Sets it; waits for the mark of a restore that has died.</summary>
    /// <exception cref="OwnershipLostException">A later owner of the run has it.</exception>
    /// <exception cref="BackupException">Conflict: another restore is running.</exception>
    public static async Task<RestoreMark> TakeAsync(S3StoreOptions store, S3Bucket bucket, TargetIntent intent, string session, TimeProvider time, CancellationToken cancellation)
    {
        var owner = intent.Owner ?? new(session, 1);
        var value = System.Text.Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{(intent.Online ? 'o' : 'x')}/{owner.Run}/{owner.Epoch}/{session}"));
        var started = time.GetTimestamp();
        while (true)
        {
            var marks = await bucket.ListAllAsync(StoreKeys.Marks, cancellation);
            if (marks.Count == 0 || !marks[^1].IsLive(bucket.ServerTime) || await IsBeforeAsync(bucket, marks[^1].Key, owner, cancellation))
            {
                var next = marks.Count == 0 ? 1 : long.Parse(marks[^1].Key[StoreKeys.Marks.Length..], NumberStyles.None, CultureInfo.InvariantCulture) + 1;
                var key = string.Create(CultureInfo.InvariantCulture, $"{StoreKeys.Marks}{next:D10}");
                if (await bucket.CreateAsync(key, value, cancellation) || (await bucket.GetAsync(key, cancellation)).AsSpan().SequenceEqual(value))
                {
                    await bucket.DeleteAsync(marks.Select(m => m.Key), cancellation);
                    return new(bucket, key, value, time);
                }
            }
            if (time.GetElapsedTime(started) > Patience)
                throw new BackupException(ErrorKind.Conflict, $"another restore into '{store.Name}' is running", "Nothing was changed. Wait for it to end, then run this one again.");
            await Task.Delay(LookEvery, time, cancellation);
        }
    }

    /// <summary>True as long as it is this owner's.</summary>
    public async Task<bool> HoldsAsync(CancellationToken cancellation)
    {
        if (lost) return false;
        var marks = await bucket.ListAllAsync(StoreKeys.Marks, cancellation);
        // Numbers begin anew when no mark is left, so the number alone does not tell.
        return marks.Count > 0 && marks[^1].Key == key && (await bucket.GetAsync(key, cancellation)).AsSpan().SequenceEqual(value);
    }

    public async ValueTask DisposeAsync()
    {
        await renewal.DisposeAsync();
        await renewing.WaitAsync();
        try
        {
            if (await HoldsAsync(CancellationToken.None)) await bucket.DeleteAsync([key], CancellationToken.None);
        }
        catch (BackupException)
        {
            // It ceases to count by itself.
        }
        finally
        {
            lost = true;
            renewing.Release();
        }
    }

    private static async Task<bool> IsBeforeAsync(S3Bucket bucket, string key, RunOwner owner, CancellationToken cancellation)
    {
        if (await bucket.GetAsync(key, cancellation) is not { } bytes || System.Text.Encoding.UTF8.GetString(bytes).Split('/') is not [_, var run, var epoch, _] || run != owner.Run) return false;
        return int.Parse(epoch, CultureInfo.InvariantCulture) < owner.Epoch ? true : throw new OwnershipLostException($"run {owner.Run} was taken over by another owner");
    }

    private async Task TryRenewAsync()
    {
        if (!await renewing.WaitAsync(TimeSpan.Zero)) return;
        try
        {
            if (await HoldsAsync(CancellationToken.None)) await bucket.PutAsync(key, value, CancellationToken.None);
            else lost = true;
        }
        catch (Exception error) when (error is BackupException or ObjectDisposedException)
        {
            // Tried again; and what is changed asks first.
        }
        finally
        {
            renewing.Release();
        }
    }
}
