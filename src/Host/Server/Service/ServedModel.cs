using LayerStream.Actors;
using LayerStream.Sampling;
using LayerStream.Templates;
using LayerStream.Tokenization;

namespace LayerStream.Host.Server.Service;

/// <summary>A loaded model, ready for requests.</summary>
internal sealed record ServedModel
{
    /// <summary>Name in the API: the file's name without its ending.</summary>
    public required string Id { get; init; }

    /// <summary>When it was loaded.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The engine.</summary>
    public required Engine Engine { get; init; }

    /// <summary>The tokenizer.</summary>
    public required Tokenizer Tokenizer { get; init; }

    /// <summary>The chat template; null = ChatML.</summary>
    public required ChatTemplate? Template { get; init; }

    /// <summary>Sampling of requests that do not say.</summary>
    public required SamplingOptions Sampling { get; init; }

    /// <summary>Measured rate of the device.</summary>
    public required double DeviceBytesPerSecond { get; init; }

    /// <summary>Bytes of the longest token: no prompt of more than context × this fits.</summary>
    public required int LongestTokenBytes { get; init; }
}
