using Backup.Contracts;

namespace Backup.Abstractions;

/// <summary>
/// The only place grain keys are made. The storage provider turns keys that look like hexadecimal numbers or GUIDs,
/// alone or before a <c>+</c>, into numbers, so that different keys share a row. These keys start with a word and
/// a slash, and names inside them are escaped: no key looks like a number, and two names never make one key.
/// </summary>
public static class GrainKeys
{
    /// <summary>Key of what there is one of for a source: the manager of its backups, its change log.</summary>
    public static string Source(string name) => Join("source", name);

    /// <summary>Key of the manager of a target's restores.</summary>
    public static string Target(string name) => Join("target", name);

    /// <summary>Key of an archive's catalog.</summary>
    public static string Archive(string name) => Join("archive", name);

    /// <summary>Key of a run.</summary>
    public static string Run(RunId id) => Join("run", id.Value);

    /// <summary>Key of the worker in one of a silo's slots.</summary>
    /// <param name="silo">The silo's address in its parsable form.</param>
    /// <param name="slot">Number of the slot.</param>
    public static string Slot(string silo, int slot) => Join("slot", silo, slot.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>Key of one thread of a source.</summary>
    public static string Thread(string source, string thread) => Join("thread", source, thread);

    /// <summary>Key of what backs single threads of a source up into an archive.</summary>
    public static string Threads(string source, string archive) => Join("threads", source, archive);

    /// <summary>Key of one of the listings a source's threads are hashed over.</summary>
    public static string Directory(string source, int partition) =>
        Join("directory", source, partition.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>Key of one silo's part of the memory stores.</summary>
    /// <param name="silo">The silo's address in its parsable form.</param>
    public static string MemorySilo(string silo) => Join("memory", silo);

    /// <summary>Key of a grain there is one of in the cluster.</summary>
    public static string Single(string name) => Join("single", name);

    /// <summary>The names a key was made of, without the leading word.</summary>
    /// <exception cref="FormatException"><paramref name="key"/> was not made here.</exception>
    public static IReadOnlyList<string> Names(string key)
    {
        var parts = key.Split('/');
        return parts.Length < 2 ? throw new FormatException($"'{key}' is not a grain key") : [.. parts.Skip(1).Select(KeyEscaping.Unescape)];
    }

    private static string Join(string word, string first) => $"{word}/{KeyEscaping.Escape(first)}";

    private static string Join(string word, string first, string second) => $"{word}/{KeyEscaping.Escape(first)}/{KeyEscaping.Escape(second)}";
}
