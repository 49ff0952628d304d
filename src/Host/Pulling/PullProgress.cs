namespace LayerStream.Host.Pulling;

/// <summary>How far a download is.</summary>
/// <param name="Stage">What is being done.</param>
/// <param name="File">Name of the file.</param>
/// <param name="DoneBytes">Bytes of it that are through.</param>
/// <param name="TotalBytes">Bytes it has.</param>
/// <param name="BytesPerSecond">Rate of the last seconds; 0 = not known yet.</param>
public sealed record PullProgress(PullStage Stage, string File, long DoneBytes, long TotalBytes, double BytesPerSecond)
{
    /// <summary>Seconds until the stage ends at this rate; null while it is not known.</summary>
    public double? SecondsLeft => BytesPerSecond > 0 ? (TotalBytes - DoneBytes) / BytesPerSecond : null;
}

/// <summary>What is done with a file.</summary>
public enum PullStage
{
    /// <summary>It comes.</summary>
    Downloading,

    /// <summary>Its digest is compared.</summary>
    Checking,

    /// <summary>It has its name.</summary>
    Done,

    /// <summary>It was there already.</summary>
    Present,
}
