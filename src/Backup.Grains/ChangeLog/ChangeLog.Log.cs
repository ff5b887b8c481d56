using Microsoft.Extensions.Logging;

namespace Backup.Grains.ChangeLog;

internal static partial class ChangeLogLog
{
    [LoggerMessage(1, LogLevel.Information, "Change log of {Source}: this silo keeps it, into archive {Archive}")]
    public static partial void Began(ILogger logger, string source, string archive);

    [LoggerMessage(2, LogLevel.Information, "Change log of {Source}: this silo lets go of it: {Why}")]
    public static partial void Left(ILogger logger, string source, string why);

    [LoggerMessage(3, LogLevel.Warning, "Change log of {Source}: {Why}; it is tried again in {Seconds} s")]
    public static partial void Interrupted(ILogger logger, Exception? error, string source, string why, double seconds);

    [LoggerMessage(4, LogLevel.Error, "Change log of {Source} is refused: {Why} {Hint}")]
    public static partial void Refused(ILogger logger, string source, string why, string hint);

    [LoggerMessage(5, LogLevel.Error, "Change log of {Source} does not advance: {Why}")]
    public static partial void Stalled(ILogger logger, string source, string why);

    [LoggerMessage(6, LogLevel.Information, "Change log of {Source} advances again")]
    public static partial void Advances(ILogger logger, string source);

    [LoggerMessage(7, LogLevel.Error, "Change log of {Source} has a gap: {Why}. What was committed in it cannot be recovered by time")]
    public static partial void Gap(ILogger logger, string source, string why);

    [LoggerMessage(8, LogLevel.Information, "Change log of {Source}: backup run {Run} is started for it to build on")]
    public static partial void BaseBegun(ILogger logger, string source, string run);

    [LoggerMessage(9, LogLevel.Warning, "Change log of {Source} has no backup to build on yet: {Why}; it is tried again in {Seconds} s")]
    public static partial void NoBase(ILogger logger, string source, string why, double seconds);

    [LoggerMessage(10, LogLevel.Information, "Change log of {Source} is not enabled any more: the source keeps nothing for it now")]
    public static partial void Dropped(ILogger logger, string source);

    [LoggerMessage(11, LogLevel.Warning, "Change log of {Source} is not enabled any more, and the source may still keep its own log for it: {Why}")]
    public static partial void NotDropped(ILogger logger, string source, string why);

    [LoggerMessage(12, LogLevel.Warning, "Change log of {Source}: its owner does not answer: {Why}")]
    public static partial void NotAnswered(ILogger logger, string source, string why);

    [LoggerMessage(13, LogLevel.Warning, "Change log of {Source}: no reminder could be set, and it will be tried again: {Why}")]
    public static partial void NotReminded(ILogger logger, string source, string why);

    [LoggerMessage(14, LogLevel.Information, "Change log of {Source}: backup run {Run} is started in its place")]
    public static partial void Polls(ILogger logger, string source, string run);

    [LoggerMessage(15, LogLevel.Error, "Change log of {Source}: no backup could be made in its place: {Why}; it is tried again in {Seconds} s")]
    public static partial void NotPolled(ILogger logger, string source, string why, double seconds);
}
