using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Redis.LangGraph;

/// <summary>
/// The record of a namespace's pointer, where it does not name the newest checkpoint as is expected. No channel has its name, so who keeps
/// one checkpoint of a thread and what that needs leaves it out, and the pointer is to that checkpoint.
/// </summary>
internal static class SaverPointer
{
    private const string Said = "pointer";

    /// <summary>That it names this checkpoint; or with null, that it names none that is there.</summary>
    public static ChannelBlob Record(string ns, string? checkpoint) => new()
    {
        Namespace = ns, Channel = "", Version = "", Type = Said, Value = checkpoint is null ? (ReadOnlyMemory<byte>?)null : System.Text.Encoding.UTF8.GetBytes(checkpoint),
        Extra = new Dictionary<string, string> { [Extras.RedisPython] = Said },
    };

    /// <summary>True for such a record.</summary>
    public static bool Is(ChannelBlob record) => record.Extra.GetValueOrDefault(Extras.RedisPython) == Said;

    /// <summary>The checkpoint it names, or null.</summary>
    public static string? Checkpoint(ChannelBlob record) => record.Value is { } id ? System.Text.Encoding.UTF8.GetString(id.Span) : null;
}
