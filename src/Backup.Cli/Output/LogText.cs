using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>What a person reads about change logs.</summary>
internal static class LogText
{
    public static void Show(TextWriter writer, LogStatus log)
    {
        new Facts($"change log of {log.Source}: {State(log.State)}")
            .AddIf(log.Trouble is not null, "trouble", () => log.Trouble!)
            .AddIf(log.Hint is not null, "", () => log.Hint!)
            .AddIf(log.Archive is not null, "archive", () => log.Archive!)
            .AddIf(log.Owner is not null, "owner", () => log.Epoch > 0 ? $"{log.Owner}, number {Human.Count(log.Epoch)}" : log.Owner!)
            .AddIf(log.LastClosed is not null, "covered", () => $"to {Human.Time(log.LastClosed!.Time)}, position {log.LastClosed.Position}")
            .AddIf(log.LagSeconds is not null, "behind", () => Human.Duration(log.LagSeconds!.Value))
            .AddIf(log.LagBytes is not null, "retained", () => $"{Human.Size(log.LagBytes!.Value)} of its own log by the source")
            .Add("recover", log.Recoverable.Count == 0 ? "nothing yet" : "any moment of")
            .AddAll(log.Recoverable.Select(range => $"{Human.Time(range.From)} to {Human.Time(range.To)}"))
            .AddAll(log.Gaps.Select(gap => $"{Human.Time(gap.From)} to {Human.Time(gap.To)} is not covered: {gap.Reason}"))
            .Notes(Notes(log))
            .Write(writer);
    }

    private static IEnumerable<string> Notes(LogStatus log)
    {
        if (log.State == LogState.Unknown) yield return "the log is kept by a Silo.Host; this is what the archive says, and with Backup:Cluster its owner is asked";
        if (log.NeedsBase == true) yield return "the newest part of the log has no backup it can be recovered from yet; its owner makes one by itself";
    }

    private static string State(LogState state) => state == LogState.Unknown ? "not known here" : state.ToString().ToLowerInvariant();
}
