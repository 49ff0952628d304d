namespace LayerStream.Session.Reports;

/// <summary>A synthetic model that was written.</summary>
/// <param name="File">Its path.</param>
/// <param name="Shape">Name of the published shape.</param>
/// <param name="Layers">Layers.</param>
/// <param name="Tensors">Tensors.</param>
/// <param name="Parameters">Weights.</param>
/// <param name="Bytes">Length of the file.</param>
/// <param name="DiskBytes">Of it, what is not shared with blocks written before.</param>
/// <param name="Seconds">Time of writing.</param>
/// <param name="Synthetic">Where its weights come from, for people.</param>
public sealed record SynthesisReport(
    string File, string Shape, int Layers, int Tensors, long Parameters, long Bytes, long DiskBytes, double Seconds, string Synthetic);
