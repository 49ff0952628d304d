using System.Diagnostics;
using LayerStream.Actors.Ring;
using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Memory;
using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;
using LayerStream.Storage;

namespace LayerStream.Actors.Loading;

/// <summary>Rows of a table with a row per token, read one by one from flash, or from a pinned tile where the head shares the
/// table.</summary>
internal sealed class EmbeddingRows(TensorInfo table, ModelSpec spec, TileMap tiles, PinnedTiles pinned, FlashReader reader,
    AlignedBuffer staging, PassAccount account)
{
    private readonly TensorInfo _tensor = table;
    private readonly string _waits = "a row of " + table.Name;
    private readonly bool _isTied = spec.HasHead && spec.Head.Tensor == table;

    /// <summary>Decodes the row of a token into <paramref name="destination"/> [columns of the table].</summary>
    internal void Read(int token, Span<float> destination)
    {
        int bytes = checked((int)_tensor.RowBytes);
        if (_isTied && FindPinned(token) is { } tile)
        {
            Dequantize.Row(_tensor.Type, pinned.Bytes(tile, (token - tile.RowBegin) * (long)bytes, bytes), destination);
            return;
        }

        long begin = Stopwatch.GetTimestamp();
        account.BeginWait(begin, _waits);
        try
        {
            reader.ReadNow(new Extent(_tensor.Extent.File, _tensor.Extent.Offset + (token * (long)bytes), bytes), staging.Address,
                out nint payload);
            account.EndRowWait(begin, bytes);
            Dequantize.Row(_tensor.Type, staging.Bytes(payload - staging.Address, bytes), destination);
        }
        catch (FlashReadException error)
        {
            throw error.WithTensor(_tensor.Name);
        }
        finally
        {
            account.LeaveWait();
        }
    }

    private Tile? FindPinned(int row)
    {
        int low = tiles.HeadTile, high = tiles.Tiles.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = tiles.Tiles[middle].RowBegin <= row ? (middle, high) : (low, middle - 1);
        }

        Tile tile = tiles.Tiles[low];
        return pinned.Payload(tile.Index) == 0 ? null : tile;
    }
}
