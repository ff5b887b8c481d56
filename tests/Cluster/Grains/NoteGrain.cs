using Backup.Abstractions;

namespace Backup.Tests.Cluster.Grains;

public interface INoteGrain : IGrainWithStringKey
{
    Task<string?> Read();
    Task Write(string text);
    Task Clear();
    Task Deactivate();
    Task<string> Where();
}

[GenerateSerializer]
public sealed class Note
{
    [Id(0)]
    public string? Text { get; set; }
}

/// <summary>State under its own name.</summary>
public sealed class NoteGrain([PersistentState("test-note", StorageNames.Work)] IPersistentState<Note> state, ILocalSiloDetails silo) : Grain, INoteGrain
{
    public Task<string?> Read() => Task.FromResult(state.RecordExists ? state.State.Text : null);

    public Task Write(string text)
    {
        state.State.Text = text;
        return state.WriteStateAsync();
    }

    public Task Clear() => state.ClearStateAsync();

    public Task Deactivate()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task<string> Where() => Task.FromResult(silo.SiloAddress.ToParsableString());
}
