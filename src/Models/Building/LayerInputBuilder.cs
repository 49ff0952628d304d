using LayerStream.Formats;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Building;

/// <summary>Reads per-layer embeddings: what a pass starts with, and the branch at the end of each layer.</summary>
internal static class LayerInputBuilder
{
    internal static int Width(SpecReader reader) => reader.Integer("embedding_length_per_layer_input", 0, 0, 1 << 16);

    /// <summary>Null when the file has none, or after a gap.</summary>
    internal static LayerInputSpec? Start(SpecReader reader, int layers, int width, long vocabulary)
    {
        int pieceWidth = Width(reader), rowWidth = pieceWidth * layers;
        if (pieceWidth == 0)
        {
            return null;
        }

        TensorInfo? table = reader.Table("per_layer_token_embd.weight", rowWidth, vocabulary);
        WeightMatrix? projection = reader.Matrix("per_layer_model_proj", 0, width, rowWidth);
        SmallWeight? norm = reader.Small("per_layer_proj_norm.weight", pieceWidth);
        return table is null || projection is null || norm is null ? null : new LayerInputSpec(pieceWidth, layers, table, projection, norm);
    }

    /// <summary>The branch of a layer; null when the file has none, or after a gap.</summary>
    internal static Branch? Gate(LayerSite site)
    {
        int width = Width(site.Reader);
        if (width == 0)
        {
            return null;
        }

        WeightMatrix? gate = site.Matrix("inp_gate", site.Width, width), projection = site.Matrix("proj", width, site.Width);
        SmallWeight? norm = site.Reader.Small(site.Prefix + "post_norm.weight", site.Width);
        return gate is null || projection is null || norm is null
            ? null : new Branch(new LayerInputGateSpec { Gate = gate, Projection = projection, Width = width }, null, norm);
    }
}
