using System.Globalization;
using Backup.Live.Losses;

var seed = int.Parse(Environment.GetEnvironmentVariable("SEED") is { Length: > 0 } value ? $"{long.Parse(value, CultureInfo.InvariantCulture) % int.MaxValue}" : "1", CultureInfo.InvariantCulture);
try
{
    switch (args)
    {
        case ["rpo", .. var options]:
            var kills = Number(options, "--kills", 20);
            await using (var losses = new LossPart(seed, kills, Number(options, "--both", Math.Max(1, kills / 4)))) await losses.RunAsync();
            return 0;
        default:
            throw new ArgumentException("rpo [--kills 20] [--both 5]");
    }
}
catch (Exception error) when (error is ArgumentException or InvalidOperationException or FormatException or Xunit.Sdk.XunitException)
{
    await Console.Error.WriteLineAsync(error.Message);
    return 1;
}

static int Number(string[] options, string name, int otherwise)
{
    for (var i = 0; i < options.Length; i += 2)
    {
        if (i + 1 == options.Length || options[i] is not ("--kills" or "--both")) throw new ArgumentException($"{options[i]}: there are --kills 20 and --both 5, each with a number");
        if (options[i] == name) return int.Parse(options[i + 1], CultureInfo.InvariantCulture);
    }
    return otherwise;
}
