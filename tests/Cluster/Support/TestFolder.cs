namespace Backup.Tests.Cluster.Support;

/// <summary>An empty folder that goes when the test does.</summary>
public sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("backup-cluster-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
