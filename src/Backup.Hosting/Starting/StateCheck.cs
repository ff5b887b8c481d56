using Backup.Hosting.State;

namespace Backup.Hosting.Starting;

/// <summary>The state's database can be reached and has the tables and queries of this version.</summary>
internal sealed class StateCheck(StateDatabase database) : IStartCheck
{
    public Task CheckAsync(CancellationToken cancellation) => StateSchema.ApplyAsync(database, cancellation);
}
