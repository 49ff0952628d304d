using System.Runtime.InteropServices;
using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Memory;
using LayerStream.Models.Building;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;
using Xunit;

namespace LayerStream.Models.Tests;

/// <summary>Routers in 8 bits, for guesses.</summary>
public sealed class RouterCopiesTests
{
    [Fact]
    public void Create_OfRoutersThatAreHeld_EncodesTheirRowsAndLeavesOthersOut()
    {
        GgufModel file = new TinyFile("qwen3moe", hasExperts: true).Open();
        ModelSpec spec = ModelSpecBuilder.Build(file);
        WeightMatrix[] routers = [.. spec.Layers.Select(l => l.Branches.Select(b => b.Body).OfType<ExpertFfnSpec>().Single().Router)];
        TileMap tiles = TileMap.Create(spec, 2 * routers[0].Tensor.RowBytes); // routers of several tiles
        Random random = new(1);
        float[] values = [.. Enumerable.Range(0, routers[0].Rows * routers[0].Columns).Select(_ => random.NextSingle() - 0.5f)];
        RouterCopies.TileBytes rows = (in Tile tile, long offset, int length) => MemoryMarshal.AsBytes(values.AsSpan())
            .Slice((int)((tile.RowBegin * routers[0].Tensor.RowBytes) + offset), length);
        bool[] isHeld = [.. tiles.Tiles.Select(t => t.Index != tiles.FirstTile(routers[1].Id))];
        BudgetAccount account = new("copies", RouterCopies.Bytes(spec));
        using RouterCopies copies = RouterCopies.Create(spec, tiles, isHeld, rows, account);
        Assert.Equal(0, copies.Find(1));
        TensorTypeInfo type = TensorTypes.Get(RouterCopies.Type);
        byte[] expected = new byte[values.Length / type.BlockSize * type.BlockBytes], found = new byte[expected.Length];
        Quantize.Row(RouterCopies.Type, values, expected);
        Marshal.Copy(copies.Find(0), found, 0, found.Length);
        Assert.Equal(expected, found);
        Assert.Equal(2 * expected.Length, account.UsedBytes);

        values[^1] = float.PositiveInfinity;
        using RouterCopies without = RouterCopies.Create(spec, tiles, isHeld, rows, new BudgetAccount("copies", RouterCopies.Bytes(spec)));
        Assert.Equal(0, without.Find(0));
    }

    [Fact]
    public void Bytes_OfRoutersInFewBits_AreNone()
    {
        TinyFile file = new("qwen3moe", hasExperts: true);
        file.Types["blk.0.ffn_gate_inp.weight"] = file.Types["blk.1.ffn_gate_inp.weight"] = RouterCopies.Type;
        GgufModel model = file.Open();
        Assert.Equal(0, RouterCopies.Bytes(ModelSpecBuilder.Build(model)));
    }
}
