namespace LayerStream.Actors.Tracing;

/// <summary>Where the time of one request went. Times in milliseconds; every field is plain data for JSON.</summary>
public sealed record RequestTimes
{
    /// <summary>Where most of the time of a request went whose first passes have been overwritten: only its whole time and its tokens are
    /// known.</summary>
    public const string Unknown = "unknown";

    /// <summary>Its sequence, from 1; 0 = not known.</summary>
    public required int Sequence { get; init; }

    /// <summary>Its first pass.</summary>
    public required int FirstPass { get; init; }

    /// <summary>From the first event of the trace until it came.</summary>
    public required double CameAtMs { get; init; }

    /// <summary>From its coming to its last token.</summary>
    public required double WallMs { get; init; }

    /// <summary>Until its first pass began: others had the turn.</summary>
    public required double QueuedMs { get; init; }

    /// <summary>Its prompt passes.</summary>
    public required double PromptMs { get; init; }

    /// <summary>Its passes behind the prompt's.</summary>
    public required double DecodeMs { get; init; }

    /// <summary>Rows of the prompt's passes; 0 = not known.</summary>
    public required int PromptRows { get; init; }

    /// <summary>Tokens that it generated; 0 = none, or not known.</summary>
    public required int Tokens { get; init; }

    /// <summary>Passes that served it.</summary>
    public required int Passes { get; init; }

    /// <summary>Of its passes, waiting for the disk.</summary>
    public required double DiskMs { get; init; }

    /// <summary>What took most of its time: <c>queue</c>, <c>prompt</c>, <c>answer</c>, or <see cref="Unknown"/>.</summary>
    public required string MostlyIn { get; init; }
}
