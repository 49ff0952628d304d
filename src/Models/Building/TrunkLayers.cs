using System.Globalization;
using LayerStream.Formats;

namespace LayerStream.Models.Building;

/// <summary>
/// How many blocks of a file are layers of the model itself. Behind them may stand blocks that predict further tokens: those with
/// <c>nextn</c> tensors, whatever the file's key counts. A block that the key counts and the file does not hold was left out on purpose.
/// </summary>
internal static class TrunkLayers
{
    private const string CountKey = "nextn_predict_layers";

    /// <exception cref="ModelFormatException">A block with <c>nextn</c> tensors stands in front of one without.</exception>
    internal static int Count(GgufModel model, SpecReader reader, int blocks)
    {
        bool[] isThere = new bool[blocks], predicts = new bool[blocks];
        foreach (TensorInfo tensor in model.Tensors)
        {
            if (Block(tensor.Name, out string rest) is { } block && block < blocks)
            {
                isThere[block] = true;
                predicts[block] |= rest.StartsWith("nextn.", StringComparison.Ordinal);
            }
        }

        int stated = reader.Integer(CountKey, 0, 0, blocks - 1), layers = blocks;
        while (layers > 1 && (predicts[layers - 1] || (!isThere[layers - 1] && blocks - layers < stated)))
        {
            layers--;
        }

        int stray = Array.IndexOf(predicts, true, 0, layers);
        return stray < 0 ? layers
            : throw reader.BadKey(CountKey, $"= {stated}, but block {stray} has nextn tensors and stands in front of blocks without");
    }

    /// <summary>Number in <c>blk.N.</c>, or null.</summary>
    internal static int? Block(string name, out string rest)
    {
        rest = "";
        int end = name.StartsWith("blk.", StringComparison.Ordinal) ? name.IndexOf('.', 4) : -1;
        if (end < 0 || !int.TryParse(name.AsSpan(4, end - 4), NumberStyles.None, CultureInfo.InvariantCulture, out int block))
        {
            return null;
        }

        rest = name[(end + 1)..];
        return block;
    }
}
