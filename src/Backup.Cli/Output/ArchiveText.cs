using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>What a person reads about archives.</summary>
internal static class ArchiveText
{
    public static void Init(TextWriter writer, ArchiveInitReport report)
    {
        new Facts($"archive {report.Archive} is made")
            .Add("location", report.Location)
            .Add("id", report.ArchiveId)
            .Add("format", $"v{report.Format}")
            .AddIf(report.KeyFileMade is not null, "key file", () => report.KeyFileMade!)
            .Notes(report.KeyFileMade is null ? [] : ["the key file was made now: without a copy of it in a safe place nobody can ever open this archive"])
            .Write(writer);
    }

    public static void Rewrapped(TextWriter writer, ArchiveRewrapReport report, RewrapRequest request)
    {
        var setting = request.KeyFile is { } file ? $"KeyFile = {file}" : $"PassphraseFile = {request.PassphraseFile}";
        List<string> notes = [$"it opens with Backup:Archives:{report.Archive}:{setting}" + (request.RemoveOthers ? ", and with nothing else: configure that now" : ", and with what opened it before")];
        if (report.KeyFileMade is not null) notes.Add("the key file was made now: keep a copy of it in a safe place");
        new Facts($"archive {report.Archive} has another key")
            .Add("location", report.Location)
            .Add("added", string.Join(", ", report.Added))
            .AddIf(report.Removed.Count > 0, "removed", () => string.Join(", ", report.Removed))
            .Notes(notes)
            .Write(writer);
    }

    public static void Check(TextWriter writer, ArchiveCheckReport report)
    {
        new Facts(report.Ok ? $"archive {report.Archive} opens, nothing is wrong (data not read)" : $"archive {report.Archive}: {Human.Count(report.Findings.Count, "finding")}")
            .Add("location", report.Location)
            .Add("id", report.ArchiveId)
            .Add("format", $"v{report.Format}")
            .Add("backups", Human.Count(report.Backups))
            .Add("objects", $"{Human.Count(report.Objects)}, {Human.Size(report.Bytes)}")
            .AddIf(report.InertRuns > 0, "inert runs", () => $"{Human.Count(report.InertRuns)}, {Human.Size(report.Inert.Sum(run => run.Bytes))}, invisible; 'backup archive collect' takes them away")
            .Add("keys", report.Keys.Count == 0 ? "none" : string.Join(", ", report.Keys))
            .Write(writer);
        InertText.Write(writer, "inert", report.Inert);
        VerifyText.Damage(writer, report.Findings);
    }
}
