using Backup.Checkpoints.Stores;
using Backup.Engine.Stores;
using Backup.Tests.Unit.Engine;

namespace Backup.Tests.Tool.Local;

/// <summary>The same store behind every name.</summary>
internal sealed class OneStore(DictionaryStore store) : ICheckpointStores
{
    public ValueTask<ICheckpointSource> OpenSourceAsync(string name, CancellationToken cancellation) => new(store);

    public ValueTask<ICheckpointTarget> OpenTargetAsync(string name, CancellationToken cancellation) => new(store);

    public string Fingerprint(string name) => name;

    public bool IsMemory(string name) => false;
}
