using System.Diagnostics;
using Backup.Tests.Recovery.Model;

namespace Backup.Live;

/// <summary>Lives, one after the other, until the time is up: each with an archive of its own that grows over rounds, kills and compactions.</summary>
internal static class LongModel
{
    private const int RoundsOfALife = 12;
    private const int RoundsToAKill = 3;

    public static async Task RunAsync(int seed, int minutes, int steps, int moments)
    {
        var started = Stopwatch.GetTimestamp();
        var compared = 0;
        for (var life = 0; Left(); life++)
        {
            var own = unchecked(seed + life);
            Console.WriteLine($"life {life + 1}: SEED={own}");
            try
            {
                await using var model = await ModelRun.StartAsync(own, Console.WriteLine);
                for (var round = 1; round <= RoundsOfALife && Left(); round++)
                {
                    await model.RoundAsync(steps, moments);
                    Console.WriteLine($"  {Stopwatch.GetElapsedTime(started).TotalMinutes:F1} min, round {round}: {model.Checked} moments compared; {model.Done}");
                    if (round % RoundsToAKill == 0) await model.KillAsync();
                }
                await model.EndAsync();
                compared += model.Checked;
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"life {life + 1}, SEED={own}: {error.Message}", error);
            }
        }
        Console.WriteLine($"{compared} moments were what was there, none was not, in {Stopwatch.GetElapsedTime(started).TotalMinutes:F0} minutes");

        bool Left() => Stopwatch.GetElapsedTime(started).TotalMinutes < minutes;
    }
}
