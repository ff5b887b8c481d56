namespace Backup.Checkpoints.Encoding;

/// <summary>Bytes that should be an encoded record are not one.</summary>
public sealed class RecordFormatException(string problem) : FormatException(problem);
