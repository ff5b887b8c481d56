using System.Globalization;
using Backup.Live;
using Backup.Live.Losses;
using Backup.Live.Speed;

var seed = int.Parse(Environment.GetEnvironmentVariable("SEED") is { Length: > 0 } value ? $"{long.Parse(value, CultureInfo.InvariantCulture) % int.MaxValue}" : "1", CultureInfo.InvariantCulture);
try
{
    switch (args)
    {
        case ["rpo", .. var given]:
            var options = Options(given, "--kills", "--both");
            var kills = Number(options, "--kills", 20);
            await using (var losses = new LossPart(seed, kills, Number(options, "--both", Math.Max(1, kills / 4)))) await losses.RunAsync();
            return 0;
        case ["live", .. var given]:
            options = Options(given, "--parts", "--seconds");
            await using (var speed = new SpeedPart(options.GetValueOrDefault("--parts", "capture,put,replay").Split(','), Number(options, "--seconds", 60))) await speed.RunAsync();
            return 0;
        case ["model", .. var given]:
            options = Options(given, "--minutes", "--steps", "--moments");
            await LongModel.RunAsync(seed, Number(options, "--minutes", 60), Number(options, "--steps", 150), Number(options, "--moments", 60));
            return 0;
        default:
            throw new ArgumentException("rpo [--kills 20] [--both 5], live [--parts capture,put,replay] [--seconds 60], or model [--minutes 60] [--steps 150] [--moments 60]");
    }
}
catch (Exception error) when (error is ArgumentException or InvalidOperationException or FormatException or Xunit.Sdk.XunitException)
{
    await Console.Error.WriteLineAsync(error.Message);
    return 1;
}

static Dictionary<string, string> Options(string[] given, params string[] known)
{
    var options = new Dictionary<string, string>();
    for (var i = 0; i < given.Length; i += 2)
        options[known.Contains(given[i]) && i + 1 < given.Length ? given[i] : throw new ArgumentException($"{given[i]}: there are {string.Join(" and ", known)}, each with a value")] = given[i + 1];
    return options;
}

static int Number(Dictionary<string, string> options, string name, int otherwise) => options.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
