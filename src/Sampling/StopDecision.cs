namespace LayerStream.Sampling;

/// <summary>What to do after a token.</summary>
/// <param name="Stop">True if generation ends here.</param>
/// <param name="Text">Text that is safe to emit now; may be empty.</param>
/// <param name="Reason"><c>"stop"</c> if <paramref name="Stop"/>, otherwise null.</param>
public readonly record struct StopDecision(bool Stop, string Text, string? Reason);
