namespace LayerStream.Models.Spec;

/// <summary>A lossy option that the model cannot follow; the message says why.</summary>
public sealed class LossyOptionException(string message) : Exception(message);
