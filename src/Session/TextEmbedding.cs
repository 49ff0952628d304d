using LayerStream.Models.Spec;

namespace LayerStream.Session;

/// <summary>A text as a vector: the states behind the last layer, pooled as the model's file says, of length 1.</summary>
public static class TextEmbedding
{
    /// <summary>Whether a model makes embeddings.</summary>
    public static bool IsMadeFor(ModelSpec spec) => spec.Pooling is PoolingKind.Mean or PoolingKind.First or PoolingKind.Last;

    /// <summary>The vector of a text.</summary>
    /// <param name="model">A model that is made for embeddings.</param>
    /// <param name="ids">The text's tokens, those that begin and end it included.</param>
    /// <param name="dimensions">How many of the vector's first values to keep; 0 = all.</param>
    /// <param name="ct">Ends the run.</param>
    /// <exception cref="Exception">As <see cref="Actors.Engine.StatesAsync"/>.</exception>
    public static async Task<float[]> OfAsync(LoadedModel model, IReadOnlyList<int> ids, int dimensions, CancellationToken ct)
    {
        double[] sum = new double[model.Engine.Spec.Width];
        PoolingKind pooling = model.Engine.Spec.Pooling;
        await model.Engine.StatesAsync(ids, (position, row) =>
        {
            if (pooling == PoolingKind.Mean || position == (pooling == PoolingKind.First ? 0 : ids.Count - 1))
            {
                for (int i = 0; i < sum.Length; i++)
                {
                    sum[i] += row.Span[i];
                }
            }
        }, ct);
        return Unit(sum.AsSpan(0, dimensions == 0 ? sum.Length : dimensions));
    }

    // The scale of a mean falls away with the length.
    private static float[] Unit(ReadOnlySpan<double> values)
    {
        double squares = 0;
        foreach (double value in values)
        {
            squares += value * value;
        }

        double factor = squares > 0 ? 1 / Math.Sqrt(squares) : 0;
        float[] unit = new float[values.Length];
        for (int i = 0; i < unit.Length; i++)
        {
            unit[i] = (float)(values[i] * factor);
        }

        return unit;
    }
}
