using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Stores;

/// <summary>Takes records unit by unit. Calls come one at a time: begin, records, end; every record of a unit comes between its begin and its end.</summary>
public interface IRecordSink
{
    /// <summary>A unit begins. No unit comes twice.</summary>
    ValueTask BeginAsync(UnitId unit, CancellationToken cancellation);

    /// <summary>One record of the unit. Its memory is the caller's again when the call returns.</summary>
    ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation);

    /// <summary>The unit is complete.</summary>
    ValueTask EndAsync(CancellationToken cancellation);
}
