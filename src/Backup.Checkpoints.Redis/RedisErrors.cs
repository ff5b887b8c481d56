using System.Security.Authentication;
using Backup.Checkpoints.Redis.Layouts;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis;

/// <summary>Turns what the driver throws into errors an operator can act on.</summary>
internal static class RedisErrors
{
    /// <summary>Runs <paramref name="work"/> with its errors translated.</summary>
    public static async Task<T> GuardAsync<T>(RedisStoreOptions store, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception error) when (Translate(store, error) is { } known)
        {
            throw known;
        }
    }

    /// <summary>Runs <paramref name="work"/> with its errors translated.</summary>
    public static Task GuardAsync(RedisStoreOptions store, Func<Task> work) => GuardAsync(store, async () =>
    {
        await work();
        return true;
    });

    /// <summary>The error a user gets, or null when there is nothing to translate.</summary>
    public static BackupException? Translate(RedisStoreOptions store, Exception error) => error switch
    {
        BackupException => null,
        RedisServerException server => Translate(store, server),
        RedisConnectionException when Inner<AuthenticationException>(error) is { } refused => new(ErrorKind.Usage, $"the certificate of the Redis server of '{store.Name}' is not trusted: {FirstSentence(refused.Message)}",
            "Have this machine trust its authority (SSL_CERT_FILE names a file of more), or correct sslHost in its ConnectionString.", error),
        RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure } => RefusedLogin(store, error),
        RedisConnectionException when error.Message.Contains("WRONGPASS", StringComparison.Ordinal) || error.Message.Contains("NOAUTH", StringComparison.Ordinal) => RefusedLogin(store, error),
        RedisException when error.Message.Contains("hashslot", StringComparison.Ordinal) => new(ErrorKind.Unreachable, $"cannot reach the node of the Redis Cluster that has '{store.Name}': {FirstSentence(error.Message)}",
            "Check that every node runs and accepts connections from here, and that the user may ask for them (+cluster|nodes); then run the same command again.", error),
        RedisException or TimeoutException or System.Net.Sockets.SocketException or IOException => Unreachable(store, FirstSentence(error.Message), error),
        ArgumentException { ParamName: not null } or FormatException => new(ErrorKind.Usage, $"the connection string of '{store.Name}' is not valid: {FirstSentence(error.Message)}",
            "Write it as StackExchange.Redis takes it, like \"redis:6379,user=backup,password=…,ssl=true\".", error),
        _ => null,
    };

    private static BackupException Translate(RedisStoreOptions store, RedisServerException error)
    {
        // A script's own code may have ERR before it.
        var message = error.Message.StartsWith("ERR ", StringComparison.Ordinal) && error.Message.Split(' ') is [_, var own, ..] && own.All(char.IsUpper) ? error.Message[4..] : error.Message;
        return message.Split(' ', 2)[0] switch
        {
            "NOLAYOUT" => new(ErrorKind.NotFound, $"'{store.Name}': {message["NOLAYOUT ".Length..]}", "Check Prefix and the database in its ConnectionString.", error),
            "RESTORING" => new(ErrorKind.Conflict, $"'{store.Name}' is being restored", "Nothing was changed. Try again when the restore has ended.", error),
            "MARKLOST" => new(ErrorKind.Conflict, $"this restore does not hold '{store.Name}' any more: another owner took it, or it was silent for too long", "Units that were put are whole. Run the restore again; it goes on where it stopped.", error),
            "THERE" => new(ErrorKind.Conflict, $"another writer made {message["THERE ".Length..]} of '{store.Name}' while it was restored", "It was not changed. Run the restore again.", error),
            "OOM" => new(ErrorKind.Failed, $"'{store.Name}' has no memory left: {message}", "What is being restored is put aside first, so the store is as it was. Raise maxmemory or free memory, then run the same command again.", error),
            "MISCONF" => new(ErrorKind.Failed, $"'{store.Name}' takes no writes because it cannot persist: {message}", "Give the server's disk room, then run the same command again.", error),
            "NOPERM" => new(ErrorKind.Usage, $"a permission is missing on '{store.Name}': {message}",
                $"For backups: ACL SETUSER name {(store.Saver is not null ? "~*" : $"~{store.Prefix}:*")} +@read +@connection +info +time +multi +exec. Restores also need +@write +@scripting.", error),
            _ when message.Contains("unknown command", StringComparison.OrdinalIgnoreCase) => new(ErrorKind.Usage, $"the Redis server of '{store.Name}' has no RedisJSON or RediSearch: {message}", $"Layout {store.Saver?.Name} needs both, as LangGraph's saver does, and Redis 7: Redis 8, or Redis Stack.", error),
            "NOAUTH" or "WRONGPASS" => RefusedLogin(store, error),
            "READONLY" => new(ErrorKind.Usage, $"'{store.Name}' is a read-only replica", "Name the primary server in its ConnectionString.", error),
            "WRONGTYPE" => new(ErrorKind.Usage, $"'{store.Name}': a key is not of the layout that is configured: {message}", "Check Layout and Prefix; no other program may use its keys.", error),
            "LOADING" or "MASTERDOWN" or "BUSY" or "TRYAGAIN" or "CLUSTERDOWN" or "MOVED" or "ASK" => Unreachable(store, message, error),
            // The driver keeps the end of a transaction, not what it was refused for.
            "EXECABORT" when new PlainKeys(store.Prefix).InOneSlot => Unreachable(store, $"it takes no transaction, as while a slot of a cluster moves: {message}", error),
            _ => new(ErrorKind.Failed, $"'{store.Name}' reports: {message}", null, error),
        };
    }

    private static BackupException RefusedLogin(RedisStoreOptions store, Exception error) =>
        new(ErrorKind.Usage, $"'{store.Name}' refuses the login", "Correct user and password in its ConnectionString.", error);

    private static BackupException Unreachable(RedisStoreOptions store, string why, Exception error) =>
        new(ErrorKind.Unreachable, $"cannot reach the Redis server of '{store.Name}': {why}", "Check that the server runs and accepts connections from here, then run the same command again.", error);

    private static T? Inner<T>(Exception? error) where T : Exception
    {
        while (error is not (null or T)) error = error.InnerException;
        return (T?)error;
    }

    // The driver appends a page of counters, and the configuration.
    private static string FirstSentence(string message) => message.Split([", ", "; "], 2, StringSplitOptions.None)[0].Split('\n')[0];
}
