using System.Runtime.CompilerServices;
using Backup.Contracts;
using Orleans.Runtime;

namespace Backup.Grains.Wire;

/// <summary>Errors as they cross the wire: kinds every client knows, and no causes, which may be of types or hold settings that are not a client's.</summary>
internal static class WireErrors
{
    /// <summary>True for errors that are a user's to act on, or the cluster's own.</summary>
    public static bool IsKnown(Exception error) => error is BackupException or OrleansException or TimeoutException or OperationCanceledException;

    /// <summary>The error as a client gets it.</summary>
    public static Exception Portable(Exception error) => error switch
    {
        DamageException damage => new DamageException(damage.ObjectName, damage.Offset, damage.Problem, damage.Hint),
        BackupException known => new BackupException(known.Kind, known.Message, known.Hint),
        OrleansException or TimeoutException or OperationCanceledException => error,
        _ => new BackupException(ErrorKind.Failed, $"unexpected error on a silo, {error.GetType().Name}: {error.Message.ReplaceLineEndings(" ")}", "This is a defect. The silo's log has more of it."),
    };

    /// <summary>A stream whose error is portable.</summary>
    public static async IAsyncEnumerable<T> PortableAsync<T>(IAsyncEnumerable<T> items, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await using var at = items.GetAsyncEnumerator(cancellation);
        while (await NextAsync(at)) yield return at.Current;
    }

    private static async Task<bool> NextAsync<T>(IAsyncEnumerator<T> at)
    {
        try
        {
            return await at.MoveNextAsync();
        }
        catch (Exception error)
        {
            throw Portable(error);
        }
    }
}
