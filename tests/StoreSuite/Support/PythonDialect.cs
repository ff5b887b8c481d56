using System.Globalization;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Checkpoints.Redis.LangGraph;
using Backup.Checkpoints.Stores;

namespace Backup.Tests.StoreSuite.Support;

/// <summary>
/// The suite's records in a store of LangGraph's Python saver, whose documents need more than those say: what the saver would say beyond is
/// added on the way in, and taken away again on the way out where it is still that.
/// </summary>
/// <param name="extra">The extra of the saver.</param>
internal sealed class PythonDialect(string extra)
{
    /// <summary>A record with what the saver says beyond it.</summary>
    public EncodedRecord Said(EncodedRecord plain)
    {
        var buffer = new RecordBuffer();
        switch (plain.Kind)
        {
            case RecordKind.Checkpoint:
                var checkpoint = Checkpoint.Decode(plain);
                (checkpoint with { Envelope = JsonText.Compact(checkpoint.Envelope.Span), Extra = Extra(Rest(checkpoint)) }).Encode(buffer);
                break;
            case RecordKind.ChannelBlob:
                var blob = ChannelBlob.Decode(plain);
                (blob with { Extra = Extra($$"""{"thread_id":null,"checkpoint_ns":{{Safe(blob.Namespace)}},"checkpoint_id":"c","channel":{{Quote(blob.Channel)}},"version":{{Quote(blob.Version)}},"type":{{Quote(blob.Type)}},"blob":[]}""") }).Encode(buffer);
                break;
            default:
                var write = PendingWrite.Decode(plain);
                (write with { Extra = Extra(write.Index.ToString(CultureInfo.InvariantCulture)) }).Encode(buffer);
                break;
        }
        return buffer.Record;
    }

    private EncodedRecord Plain(EncodedRecord said)
    {
        var buffer = new RecordBuffer();
        switch (said.Kind)
        {
            case RecordKind.Checkpoint:
                var checkpoint = Checkpoint.Decode(said);
                (checkpoint with { Envelope = JsonText.Jsonb(checkpoint.Envelope.Span), Extra = Extras.None }).Encode(buffer);
                break;
            case RecordKind.ChannelBlob: (ChannelBlob.Decode(said) with { Extra = Extras.None }).Encode(buffer); break;
            default: (PendingWrite.Decode(said) with { Extra = Extras.None }).Encode(buffer); break;
        }
        var plain = new EncodedRecord(buffer.Record.Bytes.ToArray(), buffer.Record.KeyLength);
        Assert.Equal(Convert.ToHexString(Said(plain).Bytes.Span), Convert.ToHexString(said.Bytes.Span));
        return plain;
    }

    private static string Rest(Checkpoint c) =>
        $$"""{"thread_id":null,"run_id":"","checkpoint_ns":{{Safe(c.Namespace)}},"checkpoint_id":{{Quote(c.CheckpointId)}},"parent_checkpoint_id":{{Quote(c.ParentId ?? "")}},"checkpoint_ts":1764137457123.25,"checkpoint":null,"metadata":[],"has_writes":[],"source":"loop","step":1}""";

    private static string Safe(string ns) => Quote(SaverKeys.Safe(ns));

    private static string Quote(string text) => Samples.Quote(text);

    private Dictionary<string, string> Extra(string said) => new() { [extra] = said };

    internal sealed class Source(PythonDialect dialect, RedisStore store) : ICheckpointSource
    {
        public string Kind => store.Kind;
        public async Task<ISourceCut> CutAsync(CancellationToken cancellation) => new Cut(dialect, await store.CutAsync(cancellation));
        public async Task<ISourceCut> JoinCutAsync(string token, CancellationToken cancellation) => new Cut(dialect, await store.JoinCutAsync(token, cancellation));
        public ValueTask DisposeAsync() => default;
    }

    internal sealed class Target(PythonDialect dialect, RedisStore store) : ICheckpointTarget
    {
        public bool Expires => store.Expires;
        public async Task<ISourceCut?> InspectAsync(TargetIntent intent, CancellationToken cancellation) => await store.InspectAsync(intent, cancellation) is { } cut ? new Cut(dialect, cut) : null;
        public async Task<ITargetSession> OpenAsync(TargetIntent intent, CancellationToken cancellation) => new Session(dialect, await store.OpenAsync(intent, cancellation));
        public ValueTask DisposeAsync() => default;
    }

    private sealed class Cut(PythonDialect dialect, ISourceCut cut) : ISourceCut
    {
        public CutDescription Description => cut.Description;
        public Task<IReadOnlyList<Shard>> PlanAsync(int wanted, CancellationToken cancellation) => cut.PlanAsync(wanted, cancellation);
        public Task CaptureAsync(Shard shard, IRecordSink sink, CancellationToken cancellation) => cut.CaptureAsync(shard, new Sink(dialect, sink), cancellation);
        public Task CaptureAsync(IReadOnlyCollection<UnitId> units, IRecordSink sink, CancellationToken cancellation) => cut.CaptureAsync(units, new Sink(dialect, sink), cancellation);
        public IAsyncEnumerable<UnitId> ListAsync(CancellationToken cancellation) => cut.ListAsync(cancellation);
        public IAsyncEnumerable<UnitExpiry>? Expiries(CancellationToken cancellation) => cut.Expiries(cancellation);
        public ValueTask DisposeAsync() => cut.DisposeAsync();
    }

    private sealed class Sink(PythonDialect dialect, IRecordSink sink) : IRecordSink
    {
        public ValueTask BeginAsync(UnitId unit, CancellationToken cancellation) => sink.BeginAsync(unit, cancellation);
        public ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation) => sink.WriteAsync(dialect.Plain(record), cancellation);
        public ValueTask EndAsync(CancellationToken cancellation) => sink.EndAsync(cancellation);
    }

    private sealed class Session(PythonDialect dialect, ITargetSession session) : ITargetSession
    {
        public bool Fresh => session.Fresh;
        public int MaxLoaders => session.MaxLoaders;
        public async Task<ITargetLoader> OpenLoaderAsync(CancellationToken cancellation) => new Loader(dialect, await session.OpenLoaderAsync(cancellation));
        public async Task<ISourceCut> ReadAsync(CancellationToken cancellation) => new Cut(dialect, await session.ReadAsync(cancellation));
        public Task RemoveAsync(IReadOnlyCollection<UnitId> units, CancellationToken cancellation) => session.RemoveAsync(units, cancellation);
        public Task ProlongAsync(IReadOnlyCollection<UnitExpiry> units, CancellationToken cancellation) => session.ProlongAsync(units, cancellation);
        public Task SettleAsync(CancellationToken cancellation) => session.SettleAsync(cancellation);
        public Task CommitAsync(CancellationToken cancellation) => session.CommitAsync(cancellation);
        public ValueTask DisposeAsync() => session.DisposeAsync();
    }

    private sealed class Loader(PythonDialect dialect, ITargetLoader loader) : ITargetLoader
    {
        public ValueTask BeginAsync(UnitId unit, bool replace, CancellationToken cancellation) => loader.BeginAsync(unit, replace, cancellation);
        public void ExpireAt(DateTimeOffset time) => loader.ExpireAt(time);
        public ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation) => loader.WriteAsync(dialect.Said(record), cancellation);
        public ValueTask EndAsync(CancellationToken cancellation) => loader.EndAsync(cancellation);
        public Task CompleteAsync(CancellationToken cancellation) => loader.CompleteAsync(cancellation);
        public ValueTask DisposeAsync() => loader.DisposeAsync();
    }
}
