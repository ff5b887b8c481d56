using Backup.Archive.Catalog;
using Backup.Contracts;

namespace Backup.Engine.Chains;

/// <summary>
/// Reads that go around derived backups which turn out to be damaged or gone. What those were made of is still there, so nothing is lost by
/// it but time.
/// </summary>
internal static class Replanning
{
    /// <summary>Reads, and again without a derived backup as often as one of them is found damaged.</summary>
    public static async Task<T> RunAsync<T>(BackupCatalog catalog, Func<Task<T>> read)
    {
        while (true)
        {
            try
            {
                return await read();
            }
            catch (DamageException damage) when (catalog.PassOver(damage))
            {
                // Who reads next reads what it was made of.
            }
        }
    }

    /// <summary>What an operator should know of a derived backup that was passed over.</summary>
    public static string Warning(DamageException damage) =>
        $"derived backup passed over, nothing is lost by it: damage in {damage.ObjectName} at offset {damage.Offset}: {damage.Problem}";
}
