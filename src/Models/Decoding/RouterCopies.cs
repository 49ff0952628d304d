using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Encoding;
using LayerStream.Memory;
using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;

namespace LayerStream.Models.Decoding;

/// <summary>
/// Routers once more in 8 bits, for guesses at what a layer will choose: files keep routers in floats, and a token's guesses would
/// read twice as many of those bytes as its choices do. What a layer demands comes from the router itself.
/// </summary>
public sealed class RouterCopies : IDisposable
{
    /// <summary>Type of the copies.</summary>
    public const TensorType Type = TensorType.Q8_0;

    private readonly AlignedBuffer _memory;
    private readonly nint[] _copies; // by bank; 0 = none

    private RouterCopies(AlignedBuffer memory, nint[] copies) => (_memory, _copies) = (memory, copies);

    /// <summary>The rows of a tile that is in memory, from a byte of them on.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    public delegate ReadOnlySpan<byte> TileBytes(in Tile tile, long offset, int length);

    /// <summary>Bytes of the copies of a model's routers; 0 where none would be smaller than the router.</summary>
    public static long Bytes(ModelSpec spec) => Routers(spec).Sum(r => CopyBytes(r.Router));

    /// <summary>Makes the copies of those routers that stay in memory.</summary>
    /// <param name="spec">The model.</param>
    /// <param name="tiles">Its tiles.</param>
    /// <param name="isHeld">By tile: whether it stays in memory.</param>
    /// <param name="bytes">Rows of those tiles.</param>
    /// <param name="account">Of as many bytes as <see cref="Bytes"/> says.</param>
    /// <exception cref="AccountOverdrawnException">The account has less.</exception>
    public static RouterCopies Create(ModelSpec spec, TileMap tiles, IReadOnlyList<bool> isHeld, TileBytes bytes, BudgetAccount account)
    {
        AlignedBuffer memory = account.Allocate(Bytes(spec), hugePages: true);
        nint[] copies = new nint[spec.ExpertBanks.Count];
        long offset = 0;
        foreach (ExpertFfnSpec experts in Routers(spec))
        {
            WeightMatrix router = experts.Router;
            Tile[] rows = [.. tiles.Tiles.Take(tiles.FirstTile(router.Id)..tiles.FirstTile(router.Id + 1))];
            if (rows.All(t => isHeld[t.Index]) && TryCopy(router, rows, bytes, memory, offset))
            {
                copies[experts.Bank.Id] = memory.Address + (nint)offset;
            }

            offset += CopyBytes(router);
        }

        return new RouterCopies(memory, copies);
    }

    /// <summary>Row 0 of the copy of a bank's router, or 0 where there is none.</summary>
    public nint Find(int bank) => _copies[bank];

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static IEnumerable<ExpertFfnSpec> Routers(ModelSpec spec) =>
        spec.Layers.SelectMany(l => l.Branches).Select(b => b.Body).OfType<ExpertFfnSpec>().Where(e => CopyBytes(e.Router) > 0);

    private static long CopyBytes(WeightMatrix router)
    {
        TensorTypeInfo copy = TensorTypes.Get(Type);
        long bytes = router.Columns % copy.BlockSize == 0 ? router.Rows * copy.Bytes(router.Columns) : 0;
        return bytes < router.Rows * router.Tensor.RowBytes ? bytes : 0;
    }

    /// <summary>False where a weight has no place in 8 bits.</summary>
    private static bool TryCopy(WeightMatrix router, Tile[] tiles, TileBytes bytes, AlignedBuffer memory, long offset)
    {
        float[] values = new float[router.Columns];
        int length = checked((int)router.Tensor.RowBytes), copyLength = checked((int)TensorTypes.Get(Type).Bytes(router.Columns));
        try
        {
            foreach (Tile tile in tiles)
            {
                for (int row = tile.RowBegin; row < tile.RowEnd; row++)
                {
                    Dequantize.Row(router.Tensor.Type, bytes(tile, (long)(row - tile.RowBegin) * length, length), values);
                    Quantize.Row(Type, values, memory.Bytes(offset + ((long)row * copyLength), copyLength));
                }
            }

            return true;
        }
        catch (UnencodableValueException)
        {
            return false;
        }
    }
}
