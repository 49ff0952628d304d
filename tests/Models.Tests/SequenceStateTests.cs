using LayerStream.Kernels.Ops;
using LayerStream.Memory;
using LayerStream.Models.Building;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using Xunit;

namespace LayerStream.Models.Tests;

public sealed class SequenceStateTests
{
    [Theory]
    [InlineData(65504f, true)]
    [InlineData(-65504f, true)]
    [InlineData(65519f, true)] // rounds down to the largest
    [InlineData(65520f, false)]
    [InlineData(-1e9f, false)]
    [InlineData(float.PositiveInfinity, false)]
    [InlineData(float.NaN, true)] // seen in the logits
    public void Store_InF16_NotesWhatItCannotHoldWithTheLayerAndTheWayOut(float value, bool fits)
    {
        ModelSpec spec = ModelSpecBuilder.Build(new TinyFile("llama").Open());
        BudgetAccount account = new("test", long.MaxValue);
        using KvPages pages = new(new PageLayout(spec, KvType.F16), 2, account);
        using SequenceState state = new(spec, 256, pages, account);
        state.Pages.Hold(0, 256);
        using AlignedBuffer row = new BudgetAccount("test", long.MaxValue).Allocate(4096);
        row.Floats(0, 16).Fill(1);
        row.Floats(0, 16)[13] = value;
        state.Store(row.Address, state.Table(1, 16), 129);
        if (fits)
        {
            Assert.Null(state.Fault);
            return;
        }

        KeyValueRangeException error = Assert.IsType<KeyValueRangeException>(state.Fault);
        Assert.Equal(1, error.Layer);
        Assert.Contains("--kv-type f32", error.Message, StringComparison.Ordinal);
        state.Restart();
        Assert.Null(state.Fault);
    }

    [Fact]
    public void Store_InF32_HoldsEveryValue()
    {
        ModelSpec spec = ModelSpecBuilder.Build(new TinyFile("llama").Open());
        BudgetAccount account = new("test", long.MaxValue);
        using KvPages pages = new(new PageLayout(spec, KvType.F32), 1, account);
        using SequenceState state = new(spec, 8, pages, account);
        state.Pages.Hold(0, 1);
        using AlignedBuffer row = new BudgetAccount("test", long.MaxValue).Allocate(4096);
        row.Floats(0, 16).Fill(float.MaxValue);
        state.Store(row.Address, state.Table(0, 16), 0);
    }
}
