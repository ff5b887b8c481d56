using System.Collections.Concurrent;

namespace Backup.Tests.Cluster.Grains;

public interface IBellGrain : IGrainWithStringKey
{
    Task Register(TimeSpan due, TimeSpan period);
    Task<bool> IsRegistered();
    Task Unregister();
}

/// <summary>Says when its reminder ticks.</summary>
public sealed class BellGrain : Grain, IBellGrain, IRemindable
{
    private const string Name = "bell";

    /// <summary>Released at each tick, by key.</summary>
    public static ConcurrentDictionary<string, SemaphoreSlim> Ticks { get; } = new();

    public static SemaphoreSlim Of(string key) => Ticks.GetOrAdd(key, _ => new(0));

    public Task Register(TimeSpan due, TimeSpan period) => this.RegisterOrUpdateReminder(Name, due, period);

    public async Task<bool> IsRegistered() => await this.GetReminder(Name) is not null;

    public async Task Unregister()
    {
        if (await this.GetReminder(Name) is { } reminder) await this.UnregisterReminder(reminder);
    }

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        Of(this.GetPrimaryKeyString()).Release();
        return Task.CompletedTask;
    }
}
