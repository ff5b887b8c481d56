using System.CommandLine;
using Backup.Contracts;
using Backup.Engine.Restore;

namespace Backup.Cli.Commands;

/// <summary>The options of <c>backup restore</c>, and what they mean together.</summary>
internal sealed class RestoreOptions
{
    private readonly Option<string?> backup = new("--backup") { Description = "Backup to restore: its id, or the unique beginning of it", HelpName = "BACKUP" };
    private readonly Option<string?> source = CommonOptions.Source("Restore the latest backup of this source");
    private readonly Option<bool> latest = CommonOptions.Flag("--latest", "The latest backup, which is also what --source alone means");
    private readonly Option<string?> at = PointOptions.At("The newest backup at or before this point: a time, a position in the log, or a checkpoint of the one thread");
    private readonly Option<string> to = new("--to") { Description = "Target: a configured source with \"Writable\": true", HelpName = "NAME", Required = true };
    private readonly Option<string[]> thread = new("--thread") { Description = "Only this thread; may be given again", HelpName = "ID", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string?> threadsFile = new("--threads-file") { Description = "Only the threads in this file, one id on each line; - is stdin", HelpName = "FILE" };
    private readonly Option<string?> ns = new("--namespace") { Description = "Only records of exactly this namespace; \"\" is the root graph", HelpName = "NS" };
    private readonly Option<string?> checkpoint = new("--checkpoint") { Description = "Only this checkpoint of one thread, with all it needs", HelpName = "ID" };
    private readonly Option<string?> writes = new("--writes") { Description = "Pending writes of that checkpoint itself: none or stored; else they are kept while nothing was decided on it yet", HelpName = "none|stored" };
    private readonly Option<string?> newId = new("--as") { Description = "Restore the one thread under this id", HelpName = "NEWID" };
    private readonly Option<string?> conflict = new("--conflict") { Description = "When the target has a thread with another content: fail (the default), skip or overwrite", HelpName = "fail|skip|overwrite" };
    private readonly Option<string?> layout = CommonOptions.Layout();
    private readonly Option<string?> expiry = new("--expiry") { Description = "When a restored thread expires that did so in its store: keep its time (the default), shift it by the time since the backup, or none", HelpName = "keep|shift|none" };
    private readonly Option<bool> mirror = CommonOptions.Flag("--mirror", "Also remove threads that the backup does not hold");
    private readonly Option<bool> online = CommonOptions.Flag("--online", "Leave the target open to other writers meanwhile");
    private readonly Option<bool> dryRun = CommonOptions.Flag("--dry-run", "Say what would be done, and change nothing");
    private readonly Option<bool> yes = CommonOptions.Flag("--yes", "Do not ask before overwriting or removing");
    private readonly Option<string?> archive = CommonOptions.Archive();

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { backup, source, latest, at, to, thread, threadsFile, ns, checkpoint, writes, newId, conflict, layout, expiry, mirror, online, dryRun, yes, archive })
            command.Options.Add(option);
    }

    public bool DryRun(ParseResult parse) => parse.GetValue(dryRun);

    public bool Yes(ParseResult parse) => parse.GetValue(yes);

    /// <summary>True when the thread ids come from stdin, which then cannot answer a question.</summary>
    public bool TakesStdin(ParseResult parse) => parse.GetValue(threadsFile) == ThreadsFile.Stdin;

    /// <summary>The request, as the command line says it.</summary>
    public async Task<RestoreRequest> RequestAsync(Session session, ParseResult parse, CancellationToken cancellation)
    {
        var (id, from) = (parse.GetValue(backup), parse.GetValue(source));
        if (parse.GetValue(latest) && from is null)
            throw WrongUse.Error("--latest goes with --source", "Leave --latest out: --backup names the backup already.");
        if (parse.GetValue(latest) && parse.GetValue(at) is not null)
            throw WrongUse.Error("--latest and --at both say which backup", "Leave one of them out.");
        var (conflictPolicy, checkpointWrites) = (ConflictOf(parse.GetValue(conflict)), WritesOf(parse.GetValue(writes)));
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
            Layout = parse.GetValue(layout),
            Expiry = ExpiryOf(parse.GetValue(expiry)),
            Mirror = parse.GetValue(mirror),
            Online = parse.GetValue(online),
            At = PointOptions.Text(parse.GetValue(at)),
        };
        RestoreRules.Check(request);
        return request;
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

    private static ExpiryPolicy ExpiryOf(string? written) => written switch
    {
        null or "keep" => ExpiryPolicy.Keep,
        "shift" => ExpiryPolicy.Shift,
        "none" => ExpiryPolicy.None,
        _ => throw WrongUse.Error($"there is no '{written}' for --expiry", "Write --expiry keep, shift or none."),
    };

    private static CheckpointWrites WritesOf(string? written) => written switch
    {
        null => CheckpointWrites.Auto,
        "none" => CheckpointWrites.None,
        "stored" => CheckpointWrites.Stored,
        _ => throw WrongUse.Error($"there is no '{written}' for --writes", "Write --writes none or stored."),
    };
}
