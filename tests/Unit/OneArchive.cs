using Backup.Archive;
using Backup.Contracts;
using Backup.Engine.Stores;

namespace Backup.Tests.Unit;

/// <summary>The same archive under every name.</summary>
internal sealed class OneArchive(OpenedArchive archive) : IArchives
{
    public Task<OpenedArchive> OpenAsync(string name, CancellationToken cancellation) => Task.FromResult(archive);

    public string Fingerprint(string name) => name;

    public Task<ArchiveInitReport> InitAsync(string name, CancellationToken cancellation) => throw new NotSupportedException();
}
