using Orleans.Timers;

namespace Backup.Tests.Cluster.Grains;

/// <summary>Has the reminder of another grain come when a test wants it.</summary>
[Alias("test.IAlarmGrain")]
public interface IAlarmGrain : IGrainWithStringKey
{
    [Alias("Set")]
    Task SetAsync(GrainId grain, string reminder, TimeSpan period);
}

public sealed class AlarmGrain(IReminderRegistry reminders) : Grain, IAlarmGrain
{
    public Task SetAsync(GrainId grain, string reminder, TimeSpan period) => reminders.RegisterOrUpdateReminder(grain, reminder, period, period);
}
