namespace LayerStream.Models.Decoding;

/// <summary>What is done to a sequence's state between two passes.</summary>
public enum StateChange
{
    /// <summary>Pages behind so many tokens go.</summary>
    Cut,

    /// <summary>Another sequence begins.</summary>
    Restart,

    /// <summary>It takes over so many tokens' pages of another state.</summary>
    Share,

    /// <summary>It takes over the recurrent state of another one, or of a snapshot of it.</summary>
    CopyRecurrent,

    /// <summary>A snapshot is to be taken behind so many tokens.</summary>
    PlanSnapshot,

    /// <summary>A snapshot is taken of the state as it stands.</summary>
    TakeSnapshot,

    /// <summary>The state is put back to a snapshot.</summary>
    RestoreSnapshot,

    /// <summary>So many rows that the last pass tried were right.</summary>
    TakeOver,
}
