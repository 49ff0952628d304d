using LayerStream.Formats.Writing;
using LayerStream.Models.Synthesis.Shapes;

namespace LayerStream.Models.Synthesis;

/// <summary>
/// Gives each expert of a synthetic model a popularity of its own within the file format: the first 32 values of every token's embedding
/// are one constant, which the residual stream carries through all layers; the router's weights there add the expert's popularity to its
/// logit. Norms before mixers and the head are 0 there, so that only feed-forward networks see it.
/// </summary>
internal static class RouterSkew
{
    /// <summary>Values of the constant direction.</summary>
    internal const int Run = RandomBlocks.LargestRun;

    /// <summary>
    /// Standard deviation of the popularity in units of the token's own part of the logit, both normal. Fitted to the LRU and LFU hit rates
    /// of three recorded traces at 3 to 48 % residency, in steps of 0.2: root mean square 7, 10 and 4 points.
    /// </summary>
    internal const double Spread = 1.0;

    /// <summary>Fills a router of a row for each expert.</summary>
    /// <param name="weights">[width, experts].</param>
    /// <param name="width">Values of a row.</param>
    /// <param name="deviation">Standard deviation of the random weights.</param>
    /// <param name="constant">The constant as the router sees it, after its norm; 0 for a router without popularities.</param>
    /// <param name="random">Numbers for this router.</param>
    internal static void Fill(Span<float> weights, int width, double deviation, double constant, ref SplitMix64 random)
    {
        for (int at = 0; at < weights.Length; at += width)
        {
            Span<float> row = weights.Slice(at, width);
            float popularity = (float)(Spread * random.Normal() / (Run * constant));
            foreach (ref float weight in row)
            {
                weight = (float)(deviation * random.Normal());
            }

            if (constant > 0)
            {
                row[..Run].Fill(popularity);
            }
        }
    }

    /// <summary>The constant after the norm before a layer's feed-forward network.</summary>
    /// <param name="shape">The model.</param>
    /// <param name="layers">Its layers.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="largest">The constant in the file, in standard deviations of the other values.</param>
    internal static double Constant(ModelShape shape, int layers, int layer, double largest)
    {
        double embedding = layers; // mean square of the other values: TensorList.Embedding
        double square = (embedding * (shape.Width - Run + (Run * largest * largest)) / shape.Width) + (shape.LayerVariance * (layer + 0.5));
        return largest * Math.Sqrt(embedding / square);
    }
}
