using System.Text;

namespace Backup.Cli.Commands;

/// <summary>Thread ids from a file or stdin, one on each line, taken as they are.</summary>
internal static class ThreadsFile
{
    public const string Stdin = "-";

    public static async Task<List<string>> ReadAsync(string file, TextReader stdin, CancellationToken cancellation)
    {
        // A read of stdin does not hear a cancellation.
        if (file == Stdin) return await Task.Run(() => Read(stdin, "stdin"), CancellationToken.None).WaitAsync(cancellation);
        try
        {
            // Invalid UTF-8 must not turn into ids that look right.
            using var reader = new StreamReader(file, new UTF8Encoding(false, throwOnInvalidBytes: true));
            return Read(reader, file);
        }
        catch (DecoderFallbackException)
        {
            throw WrongUse.Error($"{file} is not UTF-8 text", "Write one thread id on each line.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WrongUse.Error($"the threads file {file} cannot be read: {error.Message}", "Name a file with one thread id on each line, or - for stdin.");
        }
    }

    private static List<string> Read(TextReader reader, string name)
    {
        var ids = new List<string>();
        while (reader.ReadLine() is { } line)
            if (line.Length > 0) ids.Add(line);
        // An empty list must never come to mean the whole store.
        return ids.Count > 0 ? ids : throw WrongUse.Error($"{name} names no thread", "Write one thread id on each line; leave the option out to restore the whole store.");
    }
}
