using Backup.Contracts;

namespace Backup.Hosting.Configuration;

/// <summary>Collects everything that is wrong with a configuration, so that it is said at once.</summary>
internal sealed class ConfigurationProblems
{
    private readonly List<string> problems = [];

    public void Add(string problem) => problems.Add(problem);

    public void ThrowIfAny(string where)
    {
        if (problems.Count == 0) return;
        var message = problems.Count == 1
            ? $"configuration: {problems[0]}"
            : $"configuration: {problems.Count} settings are wrong{string.Concat(problems.Select(problem => "\n  - " + problem))}";
        throw new BackupException(ErrorKind.Usage, message, $"Correct {where}, then run the same command again.");
    }
}
