namespace Backup.Cli.Output;

/// <summary>A heading with named facts under it, aligned.</summary>
internal sealed class Facts(string heading)
{
    private readonly List<(string Name, string Value)> facts = [];
    private readonly List<string> notes = [];

    public Facts Add(string name, string value)
    {
        facts.Add((name, Plain.Text(value)));
        return this;
    }

    public Facts AddIf(bool condition, string name, Func<string> value) => condition ? Add(name, value()) : this;

    /// <summary>More values of the fact before.</summary>
    public Facts AddAll(IEnumerable<string> values)
    {
        facts.AddRange(values.Select(value => ("", Plain.Text(value))));
        return this;
    }

    public Facts Notes(IEnumerable<string> warnings)
    {
        notes.AddRange(warnings.Select(Plain.Text));
        return this;
    }

    public void Write(TextWriter writer)
    {
        writer.WriteLine(Plain.Text(heading));
        var width = facts.Count == 0 ? 0 : facts.Max(fact => fact.Name.Length);
        foreach (var (name, value) in facts) writer.WriteLine($"  {name.PadRight(width)}  {value}");
        foreach (var note in notes) writer.WriteLine($"  note: {note}");
    }
}
