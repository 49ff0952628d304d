namespace LayerStream.Host.Pulling;

/// <summary>How a download is done.</summary>
public sealed record PullOptions
{
    /// <summary>Folder that is filled.</summary>
    public required string Folder { get; init; }

    /// <summary>Address of the hub.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Key that is sent to the hub, and to nobody else; null = none.</summary>
    public string? Token { get; init; }

    /// <summary>Ranges of a file that come at the same time.</summary>
    public int Connections { get; init; } = 4;

    /// <summary>Bytes of one range; a multiple of 1 MiB.</summary>
    public long RangeBytes { get; init; } = 64 << 20;

    /// <summary>Bytes of a connection's buffer: one write.</summary>
    public int BufferBytes { get; init; } = 1 << 20;

    /// <summary>Longest wait for a connection or an answer's headers.</summary>
    public TimeSpan AnswerLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait for the next byte.</summary>
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Pause before the first repetition; each further one doubles it.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>Repetitions without a byte in between before it is given up.</summary>
    public int MostRetries { get; init; } = 6;
}
