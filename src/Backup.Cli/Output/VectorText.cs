using System.Globalization;
using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>What a person reads about cut vectors.</summary>
internal static class VectorText
{
    public static void Done(TextWriter writer, CutVector vector)
    {
        writer.WriteLine($"{vector.Cuts.Count} backups are done and read back, vector {vector.VectorId}");
        Cuts(writer, vector);
    }

    public static void List(TextWriter writer, string archive, IReadOnlyList<CutVector> vectors)
    {
        if (vectors.Count == 0) writer.WriteLine($"no backups of several sources in {archive}");
        foreach (var vector in vectors)
        {
            writer.WriteLine($"vector {vector.VectorId}, asked for {Human.Time(vector.Begun)}");
            Cuts(writer, vector);
        }
    }

    private static void Cuts(TextWriter writer, CutVector vector)
    {
        var table = new TextTable("  SOURCE", "BACKUP", "TRUE FOR", "POSITION", "");
        foreach (var cut in vector.Cuts) table.Add($"  {cut.Source}", cut.BackupId, Human.Time(cut.CutTime), cut.CutPosition ?? "", cut.Present ? "" : "removed");
        table.Write(writer);
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {vector.SpreadSeconds:0.###} s from the first cut to the last, by the sources' clocks"));
    }
}
