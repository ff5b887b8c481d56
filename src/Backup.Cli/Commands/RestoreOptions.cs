using System.CommandLine;
using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary>The options of <c>backup restore</c>, and what they mean together.</summary>
internal sealed class RestoreOptions
{
    private readonly Option<string?> backup = new("--backup") { Description = "Backup to restore: its id, or the unique beginning of it", HelpName = "BACKUP" };
    private readonly Option<string?> source = CommonOptions.Source("Restore the latest backup of this source");
    private readonly Option<bool> latest = CommonOptions.Flag("--latest", "The latest backup, which is also what --source alone means");
    private readonly Option<string> to = new("--to") { Description = "Target: a configured source with \"Writable\": true", HelpName = "NAME", Required = true };
    private readonly Option<string[]> thread = new("--thread") { Description = "Only this thread; may be given again", HelpName = "ID", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string?> threadsFile = new("--threads-file") { Description = "Only the threads in this file, one id on each line; - is stdin", HelpName = "FILE" };
    private readonly Option<string?> ns = new("--namespace") { Description = "Only records of exactly this namespace; \"\" is the root graph", HelpName = "NS" };
    private readonly Option<string?> checkpoint = new("--checkpoint") { Description = "Only this checkpoint of one thread, with all it needs", HelpName = "ID" };
    private readonly Option<string?> writes = new("--writes") { Description = "Pending writes of that checkpoint itself: none (the default) or stored", HelpName = "none|stored" };
    private readonly Option<string?> newId = new("--as") { Description = "Restore the one thread under this id", HelpName = "NEWID" };
    private readonly Option<string?> conflict = new("--conflict") { Description = "When the target has a thread with another content: fail (the default), skip or overwrite", HelpName = "fail|skip|overwrite" };
    private readonly Option<bool> mirror = CommonOptions.Flag("--mirror", "Also remove threads that the backup does not hold");
    private readonly Option<bool> online = CommonOptions.Flag("--online", "Leave the target open to other writers meanwhile");
    private readonly Option<bool> dryRun = CommonOptions.Flag("--dry-run", "Say what would be done, and change nothing");
    private readonly Option<bool> yes = CommonOptions.Flag("--yes", "Do not ask before overwriting or removing");
    private readonly Option<string?> archive = CommonOptions.Archive();

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { backup, source, latest, to, thread, threadsFile, ns, checkpoint, writes, newId, conflict, mirror, online, dryRun, yes, archive })
            command.Options.Add(option);
    }

    public bool DryRun(ParseResult parse) => parse.GetValue(dryRun);

    public bool Yes(ParseResult parse) => parse.GetValue(yes);

    /// <summary>True when the thread ids come from stdin, which then cannot answer a question.</summary>
    public bool TakesStdin(ParseResult parse) => parse.GetValue(threadsFile) == ThreadsFile.Stdin;

    /// <summary>The request, as far as the command line alone can tell; a backup may still be named by its beginning.</summary>
    public async Task<RestoreRequest> RequestAsync(Session session, ParseResult parse, CancellationToken cancellation)
    {
        var (id, from) = (parse.GetValue(backup), parse.GetValue(source));
        if (id is null == from is null)
            throw WrongUse.Error(id is null ? "restore needs a backup" : "restore takes --backup or --source, not both", "Name one with --backup BACKUP, or take the latest of a source with --source NAME.");
        if (parse.GetValue(latest) && from is null)
            throw WrongUse.Error("--latest goes with --source", "Leave --latest out: --backup names the backup already.");
        var (conflictPolicy, checkpointWrites) = (ConflictOf(parse.GetValue(conflict)), WritesOf(parse.GetValue(writes)));
        if (parse.GetValue(writes) is not null && parse.GetValue(checkpoint) is null)
            throw WrongUse.Error("--writes goes with --checkpoint", "Other restores bring every write back as it was stored.");
        var threads = await ThreadsAsync(session, parse, cancellation);
        var request = new RestoreRequest
        {
            Archive = session.Archive(parse.GetValue(archive)),
            BackupId = id,
            Source = from,
            Target = parse.GetRequiredValue(to),
            Threads = threads,
            Namespace = parse.GetValue(ns),
            Checkpoint = parse.GetValue(checkpoint),
            Writes = checkpointWrites,
            NewThreadId = parse.GetValue(newId),
            Conflict = conflictPolicy,
            Mirror = parse.GetValue(mirror),
            Online = parse.GetValue(online),
        };
        Check(request);
        return request;
    }

    private static void Check(RestoreRequest request)
    {
        if (request is { Checkpoint: not null, Threads: not [_] })
            throw WrongUse.Error("--checkpoint needs exactly one thread", "Name the thread the checkpoint is of with --thread ID.");
        if (request is { NewThreadId: not null, Threads: not [_] })
            throw WrongUse.Error("--as needs exactly one thread", "Name the thread that gets the new id with --thread ID.");
        if (request.NewThreadId is "")
            throw WrongUse.Error("--as needs an id", "Write the id the thread shall have.");
        if (request.Mirror && (request.Threads, request.Namespace) is not (null, null))
            throw WrongUse.Error("--mirror is for whole stores", "Leave --mirror out: with a selection, threads outside it stay untouched.");
    }

    private async Task<List<string>?> ThreadsAsync(Session session, ParseResult parse, CancellationToken cancellation)
    {
        var named = parse.GetValue(thread) ?? [];
        var file = parse.GetValue(threadsFile);
        if (named.Length == 0 && file is null) return null;
        var listed = file is null ? [] : await ThreadsFile.ReadAsync(file, session.Host.In, cancellation);
        return [.. named.Concat(listed).Distinct(StringComparer.Ordinal)];
    }

    private static ConflictPolicy ConflictOf(string? written) => written switch
    {
        null or "fail" => ConflictPolicy.Fail,
        "skip" => ConflictPolicy.Skip,
        "overwrite" => ConflictPolicy.Overwrite,
        _ => throw WrongUse.Error($"there is no conflict policy '{written}'", "Write --conflict fail, skip or overwrite."),
    };

    private static CheckpointWrites WritesOf(string? written) => written switch
    {
        null or "none" => CheckpointWrites.None,
        "stored" => CheckpointWrites.Stored,
        _ => throw WrongUse.Error($"there is no '{written}' for --writes", "Write --writes none or stored."),
    };
}
