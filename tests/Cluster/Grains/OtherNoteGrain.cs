using Backup.Abstractions;

namespace Backup.Tests.Cluster.Grains;

public interface IOtherNoteGrain : IGrainWithStringKey
{
    Task<string?> Read();
    Task Write(string text);
}

/// <summary>Another class with the same keys and a state name of its own.</summary>
public sealed class OtherNoteGrain([PersistentState("test-other-note", StorageNames.Work)] IPersistentState<Note> state) : Grain, IOtherNoteGrain
{
    public Task<string?> Read() => Task.FromResult(state.RecordExists ? state.State.Text : null);

    public Task Write(string text)
    {
        state.State.Text = text;
        return state.WriteStateAsync();
    }
}
