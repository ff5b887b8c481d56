using Backup.Contracts;
using Xunit;

namespace Backup.Tests.Unit.Recovery;

public sealed class RecoveryPointTests
{
    [Theory]
    [InlineData("2026-11-24T14:05:00Z", "2026-11-24T14:05:00Z")]
    [InlineData("2026-11-24t14:05z", "2026-11-24T14:05:00Z")]
    [InlineData("2026-11-24 14:05:00+01:00", "2026-11-24T13:05:00Z")]
    [InlineData("2026-11-24 23:05:00-05:30", "2026-11-25T04:35:00Z")]
    [InlineData("2026-11-24T14:05:00.1234567Z", "2026-11-24T14:05:00.1234567Z")]
    [InlineData("2026-11-24T14:05:00.120+00:00", "2026-11-24T14:05:00.12Z")]
    public void Times_are_instants(string written, string canonical)
    {
        var point = RecoveryPoint.Parse(written);
        Assert.Equal((canonical, null, null), (point.ToString(), point.Position, point.CheckpointId));
        Assert.Equal(DateTimeOffset.Parse(canonical, System.Globalization.CultureInfo.InvariantCulture), point.Time);
        Assert.Equal(point, RecoveryPoint.Parse(point.ToString()));
    }

    [Theory]
    [InlineData("0/0", "0/0", 0)]
    [InlineData("16/b374d848", "16/B374D848", 0x16B374D848)]
    [InlineData("00000016/00000001", "16/1", 0x1600000001)]
    [InlineData("FFFFFFFF/FFFFFFFF", "FFFFFFFF/FFFFFFFF", ulong.MaxValue)]
    public void Positions_are_numbers(string written, string canonical, ulong position)
    {
        var point = RecoveryPoint.Parse(written);
        Assert.Equal((canonical, position, (DateTimeOffset?)null, null), (point.ToString(), point.Position!.Value, point.Time, point.CheckpointId));
        Assert.Equal(point, RecoveryPoint.Parse(canonical));
    }

    [Theory]
    [InlineData("1f0a1b2c-3d4e-6f50-8123-456789abcdef")]
    [InlineData("1F0A1B2C-3d4e-6f50-ffff-456789abcdef")] // JS writes such variants; case is the id's own
    public void Checkpoints_are_ids_verbatim(string id)
    {
        var point = RecoveryPoint.Parse(id);
        Assert.Equal((id, id, (DateTimeOffset?)null, (ulong?)null), (point.ToString(), point.CheckpointId, point.Time, point.Position));
    }

    [Theory]
    [InlineData("2026-11-24T14:05:00", "time zone")]
    [InlineData("2026-11-24 14:05", "time zone")]
    [InlineData("2026-02-30T14:05:00Z", "there is no time")]
    [InlineData("2026-11-24T25:05:00Z", "there is no time")]
    [InlineData("2026-11-24T14:05:00+99:00", "there is no time")]
    [InlineData("2026-11-24", "is no point")]
    [InlineData("2026-11-24T14:05:00.12345678Z", "is no point")]
    [InlineData("24.11.2026 14:05", "is no point")]
    [InlineData("yesterday", "is no point")]
    [InlineData("", "is no point")]
    [InlineData("16/B374D8481", "is no point")]
    [InlineData("16/", "is no point")]
    [InlineData("1/2/3", "is no point")]
    [InlineData("-1/2", "is no point")]
    [InlineData(" 1/2", "is no point")]
    [InlineData("2026-11-24T14:05:00Z\n", "is no point")]
    [InlineData("1f0a1b2c-3d4e-6f50-8123-456789abcdeg", "is no point")]
    public void Everything_else_is_wrong_use_and_says_what_is_not(string written, string said)
    {
        var error = Assert.Throws<BackupException>(() => RecoveryPoint.Parse(written));
        Assert.Equal(ErrorKind.Usage, error.Kind);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        if (said == "is no point") Assert.All(["Z", "16/B374D848", "UUID"], form => Assert.Contains(form, error.Hint!, StringComparison.Ordinal));
    }
}
