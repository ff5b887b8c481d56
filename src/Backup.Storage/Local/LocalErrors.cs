using Backup.Contracts;

namespace Backup.Storage.Local;

/// <summary>Turns errors of the file system into errors an operator can act on.</summary>
internal static class LocalErrors
{
    private const int NoSpace = 28;    // ENOSPC
    private const int OverQuota = 122; // EDQUOT
    private const int TooLarge = 27;   // EFBIG
    private const int ReadOnly = 30;   // EROFS

    // What a network file system says while its server is away: ENETUNREACH, ECONNRESET, ENOTCONN, ETIMEDOUT, ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH, ESTALE.
    private static readonly int[] Away = [101, 104, 107, 110, 111, 112, 113, 116];

    public static BackupException Translate(Exception error, string path) => (error.HResult & 0xFFFF) switch
    {
        NoSpace or OverQuota or TooLarge => new(ErrorKind.Failed, $"no space left for {path}",
            "Nothing of this run is visible in the archive. Free space or enlarge the volume, then run the same command again.", error),
        ReadOnly => new(ErrorKind.Failed, $"{path} is on a read-only file system", "Mount the archive's volume writable, then run the same command again.", error),
        var number when !OperatingSystem.IsWindows() && Away.Contains(number) => new(ErrorKind.Unreachable, $"the file system that holds {path} does not answer: {error.Message}",
            "Check the file server and the network, then run the same command again.", error),
        _ when error is UnauthorizedAccessException => new(ErrorKind.Usage, $"no permission for {path}",
            "Give this user read and write permission on the archive's folder.", error),
        _ => new(ErrorKind.Failed, $"cannot access {path}: {error.Message}", "Check the volume, then run the same command again.", error),
    };

    public static ValueTask GuardAsync(string path, Action action)
    {
        try
        {
            action();
            return default;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Translate(error, path);
        }
    }

    public static ValueTask<T> GuardAsync<T>(string path, Func<ValueTask<T>> action)
    {
        try
        {
            return action();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Translate(error, path);
        }
    }
}
