namespace LayerStream.Formats.Routes;

/// <summary>What a route trace says of the model it was recorded from.</summary>
/// <param name="Model">File name of the model.</param>
/// <param name="Architecture">Architecture, as in the model's metadata.</param>
/// <param name="Experts">Experts per layer, E.</param>
/// <param name="Routed">Experts a token is routed to in each layer, K.</param>
/// <param name="ExpertBytes">Per layer: bytes of one expert (gate, up and down); 0 for a layer without experts.</param>
/// <param name="DenseBytes">Per layer: bytes that every token uses.</param>
public sealed record RouteHeader(string Model, string Architecture, int Experts, int Routed, IReadOnlyList<long> ExpertBytes,
    IReadOnlyList<long> DenseBytes)
{
    /// <summary>Layers, L.</summary>
    public int Layers => ExpertBytes.Count;

    /// <summary>Bytes of all experts of all layers.</summary>
    public long AllExpertBytes => ExpertBytes.Sum() * Experts;

    /// <summary>Bytes of the experts that one token is routed to.</summary>
    public long RoutedBytes => ExpertBytes.Sum() * Routed;
}
