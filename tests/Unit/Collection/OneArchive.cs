using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Contracts;
using Backup.Engine.Collection;
using Backup.Engine.Stores;

namespace Backup.Tests.Unit.Collection;

/// <summary>The same archive behind every name.</summary>
internal sealed class OneArchive(Func<Task<OpenedArchive>> open) : IArchives
{
    public Task<OpenedArchive> OpenAsync(string name, CancellationToken cancellation) => open();

    public Task<ArchiveInitReport> InitAsync(string name, CancellationToken cancellation) => throw new NotSupportedException();

    public string Fingerprint(string name) => name;

    public Task<CollectReport> CollectAsync(LastSeen lastSeen, TimeProvider time, bool dryRun = false, int hours = 24) =>
        new ArchiveCollection(this, lastSeen, time).RunAsync(new() { Archive = "main", DryRun = dryRun, OlderThan = TimeSpan.FromHours(hours) }, default);
}
