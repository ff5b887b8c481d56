using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;

namespace Backup.Tests.StoreSuite.Support;

/// <summary>Does something in the middle of a capture, once: at the record of that number.</summary>
internal sealed class HookedSink(int record, Func<Task> action) : IRecordSink
{
    private int seen;

    public Contents Contents { get; } = new();

    public ValueTask BeginAsync(UnitId unit, CancellationToken cancellation) => Contents.BeginAsync(unit, cancellation);

    public async ValueTask WriteAsync(EncodedRecord written, CancellationToken cancellation)
    {
        if (++seen == record) await action();
        await Contents.WriteAsync(written, cancellation);
    }

    public ValueTask EndAsync(CancellationToken cancellation) => Contents.EndAsync(cancellation);
}
