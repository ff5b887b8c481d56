using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Backup.Archive;
using Backup.Archive.Logs;
using Backup.Archive.Objects;
using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Engine.ChangeLog;

/// <summary>
/// One owner's work on a source's change log: claims it, reads the feed, closes ticks. A tick counts when its marker was read back; only then
/// may the source forget what it holds. What cannot be covered is declared as a gap, never passed over.
/// </summary>
public sealed class LogRun(OpenedArchive archive, IChangeLogSource source, LogOptions options, string owner, TimeProvider time)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    // A server lets go of its log some time after it may.
    private static readonly TimeSpan LetsGoWithin = TimeSpan.FromMinutes(1);
    private LogState state = new(null, null, null);
    private string? broken; // why the feed had to be made anew, until a tick has said so
    private string? missed; // why what was not delivered cannot be had, as the first opening since the last tick said; those after it find what that one made
    private long? over; // since when the source keeps more than it may
    private LogOwnership? ownership;

    /// <summary>
    /// Runs until it is cancelled, another owner comes, or something fails that is not the log's to mend. After a failure it may be run again:
    /// it is the same owner then, and still knows what it has to say of the feed.
    /// </summary>
    /// <exception cref="OwnershipLostException">Another owner has come.</exception>
    /// <exception cref="BackupException">Usage: the source does not allow it. Unreachable: the source or the archive.</exception>
    public async Task RunAsync(LogProgress progress, CancellationToken cancellation)
    {
        try
        {
            await OwnAsync(progress, cancellation);
        }
        catch (BackupException error) when (error.Kind == ErrorKind.Unreachable)
        {
            // Without the archive nothing is acknowledged, and the source keeps more and more.
            await GuardAsync(progress, cancellation);
            throw;
        }
    }

    private async Task OwnAsync(LogProgress progress, CancellationToken cancellation)
    {
        if (ownership is null) ownership = await LogOwnership.ClaimAsync(archive, options.Source, owner, time, cancellation);
        else await ownership.EnsureAsync(cancellation);
        progress.Epoch = ownership.Epoch;
        Failpoint.Reach("log.claimed");
        var chain = await TickChain.LoadAsync(archive, options.Source, cancellation);
        var stretches = Coverage.Of(chain);
        state = new(chain.Head, stretches.Count > 0 ? stretches[^1].Identity : null, stretches.Count > 0 ? stretches[^1].LayoutBefore(ulong.MaxValue) : null);
        (progress.LastClosed, progress.Stretch) = (chain.Head, stretches.Count > 0 ? stretches[^1].From : null);
        await using var levels = new LevelKeeping(options.LevelOf > 1 ? new(archive, options.Source, options.LevelOf, time) : null, chain.Ticks, cancellation);
        while (true)
        {
            var closed = progress.LastClosed;
            try
            {
                await FollowAsync(ownership, levels, progress, cancellation);
            }
            catch (FeedBrokenException error)
            {
                broken = progress.Trouble = error.Message;
            }
            catch (BackupException error) when (error.Kind == ErrorKind.Conflict && error is not OwnershipLostException)
            {
                await ownership.EnsureAsync(cancellation);
                // Somebody may have ended our connection. When nothing was closed since, the feed itself is what cannot go on.
                if (ReferenceEquals(closed, progress.LastClosed)) broken = progress.Trouble = error.Message;
            }
            // What could not go on at once is not tried again in the same breath.
            if (ReferenceEquals(closed, progress.LastClosed)) await Task.Delay(RetryAfter, time, cancellation);
        }
    }

    /// <summary>Name of a source's feed: of this archive, so that two archives may follow one source.</summary>
    public static string FeedName(OpenedArchive archive, string source)
    {
        var name = $"backup_orleans_{archive.Descriptor.ArchiveId[..8]}_{source}";
        // The server allows 63 characters, and two names must not become one.
        return name.Length <= 63 ? name : $"{name[..54]}_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..8]}";
    }

    private async Task FollowAsync(LogOwnership ownership, LevelKeeping levels, LogProgress progress, CancellationToken cancellation)
    {
        var name = FeedName(archive, options.Source);
        if (broken is not null)
        {
            await using var old = await source.OpenFeedAsync(name, state.Head?.Marker.To, cancellation);
            await old.DropAsync(cancellation);
            over = null;
        }
        await using var feed = await source.OpenFeedAsync(name, state.Head?.Marker.To, cancellation);
        if (broken is null && Changed(feed) is { } change) throw new FeedBrokenException(GapOf(feed) ?? change);
        var gap = state.Head is null ? null : broken ?? GapOf(feed);
        var begins = state.Head is null || gap is not null;
        var tick = new OpenTick(feed.From, begins ? feed.Identity : null, begins || !SameLayout(state.Layout, feed.Layout) ? JsonSerializer.Deserialize<JsonElement>(feed.Layout) : null, gap);
        var writer = new TickWriter(archive, options.Source, ownership.Epoch, time);
        var last = time.GetTimestamp();
        await foreach (var happened in feed.ReadAsync(cancellation))
        {
            if (happened.Kind != FeedEventKind.Reached)
            {
                await writer.AddAsync(happened, cancellation);
                continue;
            }
            if (time.GetElapsedTime(last) < (writer.Changes > 0 || progress.LastClosed is null || tick.Begins || progress.Wanted > tick.From ? options.Tick : options.IdleTick)) continue;
            if (await feed.CheckAsync(cancellation) is { } problem) throw new FeedBrokenException(problem);
            var marker = await writer.CompleteAsync(progress.LastClosed, tick.From, happened.Position, happened.Time, cancellation);
            Failpoint.Reach("log.parts");
            await ownership.EnsureAsync(cancellation);
            progress.LastClosed = await TickChain.AppendAsync(archive, marker with { Gap = tick.Gap, Identity = tick.Identity, Layout = tick.Layout }, cancellation);
            Failpoint.Reach("log.marker");
            state = new(progress.LastClosed, tick.Identity ?? state.Identity, tick.Layout ?? state.Layout);
            broken = missed = progress.Trouble = null;
            if (tick.Begins) progress.Stretch = tick.From;
            if (tick.Gap is not null) (progress.Gap, progress.Gaps) = (tick.Gap, progress.Gaps + 1);
            await feed.AcknowledgeAsync(happened.Position, cancellation);
            Failpoint.Reach("log.acknowledged");
            await levels.AddAsync(progress.LastClosed);
            var retained = await feed.RetainedBytesAsync(cancellation);
            progress.RetainedBytes = retained;
            if (retained <= options.MaxRetainedBytes) over = null;
            else if (time.GetElapsedTime(over ??= time.GetTimestamp()) > LetsGoWithin) throw new FeedBrokenException(TooMuch(retained));
            tick = new(happened.Position, null, null, null);
            writer = new(archive, options.Source, ownership.Epoch, time);
            last = time.GetTimestamp();
        }
    }

    private async Task GuardAsync(LogProgress progress, CancellationToken cancellation)
    {
        await using var feed = await source.OpenFeedAsync(FeedName(archive, options.Source), progress.LastClosed?.Marker.To, cancellation);
        GapOf(feed);
        var retained = await feed.RetainedBytesAsync(cancellation);
        progress.RetainedBytes = retained;
        if (retained <= options.MaxRetainedBytes) return;
        if (state.Head is not null) broken ??= TooMuch(retained);
        await feed.DropAsync(cancellation);
    }

    private string? GapOf(IChangeFeed feed) => feed.Gap is null ? null : missed ??= feed.Gap;

    private string TooMuch(long bytes) => $"the source had to keep {bytes >> 20} MB of its log, more than the {options.MaxRetainedBytes >> 20} MB it may: it was let go of before its disk filled";

    // What the log was of before, and is not any more.
    private string? Changed(IChangeFeed feed)
    {
        foreach (var (name, was) in state.Identity ?? new Dictionary<string, string>())
            if (feed.Identity.GetValueOrDefault(name) is var now && now != was) return $"{name} was {was} and is {now ?? "not there"}";
        return null;
    }

    private static bool SameLayout(JsonElement? known, string layout) => known?.GetRawText() is { } text && JsonElement.DeepEquals(JsonDocument.Parse(text).RootElement, JsonDocument.Parse(layout).RootElement);

    private sealed record LogState(Tick? Head, IReadOnlyDictionary<string, string>? Identity, JsonElement? Layout);

    private sealed record OpenTick(ulong From, IReadOnlyDictionary<string, string>? Identity, JsonElement? Layout, string? Gap)
    {
        public bool Begins => Identity is not null;
    }

    private sealed class FeedBrokenException(string reason) : Exception(reason);
}
