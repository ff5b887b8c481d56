namespace Backup.Engine.Restore;

/// <summary>What becomes of one unit of the selection in the target.</summary>
internal enum Decision : byte
{
    /// <summary>None of its records is asked for.</summary>
    Nothing,
    /// <summary>Its time has come: it is not brought back, and where the target has it it is left.</summary>
    Expired,
    /// <summary>It is not in the target: load it.</summary>
    Load,
    /// <summary>It is in the target with the same content: leave it.</summary>
    Unchanged,
    /// <summary>It is in the target with another content.</summary>
    Conflict,
    /// <summary>It is in the target as an earlier backup has it, and that was asked for: replace it.</summary>
    Earlier,
}
