namespace Backup.Archive.Objects;

/// <summary>The object <c>logs/SOURCE/claim-EPOCH-ATTEMPT</c>: an owner of a source's change log. The highest epoch owns it.</summary>
public sealed record LogClaim
{
    /// <summary>1 + the highest epoch that was listed.</summary>
    public required int Epoch { get; init; }
    /// <summary>Who it is, for people.</summary>
    public required string Owner { get; init; }
    /// <summary>When, by the owner's clock.</summary>
    public required DateTimeOffset Time { get; init; }
}
