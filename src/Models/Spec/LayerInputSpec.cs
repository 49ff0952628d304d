using LayerStream.Formats;

namespace LayerStream.Models.Spec;

/// <summary>
/// A vector per token and layer, made at the start of a pass from the token's row e of a table and its scaled embedding x:
/// (e·√Width + N(projection · x / √model width))/√2, where the norm runs over each layer's piece.
/// </summary>
/// <param name="Width">Values per layer.</param>
/// <param name="Layers">Pieces of a row.</param>
/// <param name="Table">Tensor [Width · layers, vocabulary].</param>
/// <param name="Projection">Matrix from the embedding to all pieces.</param>
/// <param name="Norm">Weight [Width] of the norm of each piece.</param>
public sealed record LayerInputSpec(int Width, int Layers, TensorInfo Table, WeightMatrix Projection, SmallWeight Norm)
{
    /// <summary>Values of one row.</summary>
    public int RowWidth => checked(Width * Layers);
}
