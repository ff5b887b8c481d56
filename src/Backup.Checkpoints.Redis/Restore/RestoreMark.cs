using Backup.Checkpoints.Redis.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.Restore;

/// <summary>
/// The key that says who restores into the store. While it begins with <c>x/</c> apps do not write. It is renewed, and goes by itself when
/// its owner is gone. A later owner of the same run takes it over at once, and ends what the owner before still wants to change.
/// </summary>
internal sealed class RestoreMark : IAsyncDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);
    private readonly IDatabase database;
    private readonly PlainKeys keys;
    private readonly ITimer renewal;

    private RestoreMark(IDatabase database, PlainKeys keys, string value, TimeProvider time)
    {
        (this.database, this.keys, Value) = (database, keys, value);
        renewal = time.CreateTimer(_ => _ = TryRenewAsync(), null, Lifetime / 3, Lifetime / 3);
    }

    /// <summary>The mark: mode, run, epoch, session.</summary>
    public string Value { get; }

    /// <summary>Sets it; waits for the mark of a restore that has died.</summary>
    /// <exception cref="OwnershipLostException">A later owner of the run has it.</exception>
    /// <exception cref="BackupException">Conflict: another restore is running.</exception>
    public static async Task<RestoreMark> TakeAsync(RedisStoreOptions store, IDatabase database, PlainKeys keys, TargetIntent intent, string session, TimeProvider time, CancellationToken cancellation)
    {
        var owner = intent.Owner ?? new(session, 1);
        var value = $"{(intent.Online ? 'o' : 'x')}/{owner.Run}/{owner.Epoch}/{session}";
        var started = time.GetTimestamp();
        while (true)
        {
            switch ((int)await database.ScriptEvaluateAsync(PlainScripts.Take, [keys.Mark], [value, owner.Run, owner.Epoch, (long)Lifetime.TotalMilliseconds]))
            {
                case 1: return new(database, keys, value, time);
                case -1: throw new OwnershipLostException($"run {owner.Run} was taken over by another owner");
            }
            if (time.GetElapsedTime(started) > Patience)
                throw new BackupException(ErrorKind.Conflict, $"another restore into '{store.Name}' is running", "Nothing was changed. Wait for it to end, then run this one again.");
            await Task.Delay(LookEvery, time, cancellation);
        }
    }

    /// <summary>Keeps the mark; false when it is not this owner's any more.</summary>
    public async Task<bool> RenewAsync() => (int)await database.ScriptEvaluateAsync(PlainScripts.Keep, [keys.Mark], [Value, (long)Lifetime.TotalMilliseconds]) == 1;

    public async ValueTask DisposeAsync()
    {
        await renewal.DisposeAsync();
        try
        {
            await database.ScriptEvaluateAsync(PlainScripts.Keep, [keys.Mark], [Value, 0]);
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            // It goes by itself.
        }
    }

    // What is changed says whose mark it needs, so a renewal that fails is noticed there.
    private async Task TryRenewAsync()
    {
        try
        {
            await RenewAsync();
        }
        catch (Exception error) when (error is RedisException or TimeoutException or ObjectDisposedException)
        {
            // Tried again.
        }
    }
}
