using LayerStream.Formats;

namespace LayerStream.Storage;

/// <summary>One payload to fetch.</summary>
/// <param name="Extent">The payload.</param>
/// <param name="Destination">Aligned address of the window buffer; belongs to the reader until the completion is called.</param>
/// <param name="DestinationLength">Bytes there; at least the length of the window.</param>
/// <param name="Tag">Handed back unchanged.</param>
/// <param name="Completion">Called exactly once, unless the request is withdrawn before it starts.</param>
public readonly record struct ReadRequest(Extent Extent, nint Destination, long DestinationLength, long Tag, IReadCompletion Completion);
