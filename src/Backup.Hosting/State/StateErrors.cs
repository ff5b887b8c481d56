using Backup.Contracts;
using Npgsql;

namespace Backup.Hosting.State;

/// <summary>Turns a database's refusals into errors that name the setting.</summary>
internal static class StateErrors
{
    public static BackupException Translate(Exception error, StateDatabase database) => error switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } refused => new(ErrorKind.Usage,
            $"the state database {database.Place} ({database.Setting}) refuses: {refused.MessageText}",
            $"Grant the role CREATE on the database, or create the schema \"{database.Schema}\" for it.", error),
        PostgresException { SqlState: "28P01" or "28000" or "3D000" } refused => new(ErrorKind.Usage,
            $"the state database {database.Place} ({database.Setting}) refuses: {refused.MessageText}", "Correct the setting, or create the database and its role.", error),
        PostgresException refused => new(ErrorKind.Failed, $"the state database {database.Place} ({database.Setting}) fails: {refused.MessageText}", null, error),
        NpgsqlException => new(ErrorKind.Unreachable, $"cannot reach the state database {database.Place} ({database.Setting}): {error.Message}",
            "Start the server or correct the setting; then try again.", error),
        _ => new(ErrorKind.Usage, $"cannot use the state file {database.Place} ({database.Setting}): {error.Message}",
            "Name a folder this user may write.", error),
    };
}
