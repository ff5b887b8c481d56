namespace Backup.Tests.Recovery.Model;

/// <summary>A short life; <c>bash tests/proof.sh model</c> has long ones.</summary>
public sealed class ModelTests
{
    [Fact]
    public async Task Every_moment_of_a_random_life_is_what_was_there()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("SEED"), out var given) ? given : Random.Shared.Next();
        TestContext.Current.SendDiagnosticMessage($"SEED={seed}");
        try
        {
            await using var model = await ModelRun.StartAsync(seed, _ => { });
            await model.RoundAsync(60, 15);
            await model.KillAsync();
            await model.RoundAsync(40, 15);
            await model.EndAsync();
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"SEED={seed}: {error.Message}", error);
        }
    }
}
