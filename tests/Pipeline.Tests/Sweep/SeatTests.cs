using LayerStream.Actors.Run;
using LayerStream.Formats;
using LayerStream.Kernels.Ops;
using LayerStream.Memory;
using LayerStream.Models.Building;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using Xunit;

namespace LayerStream.Pipeline.Tests;

public sealed class SeatTests
{
    [Fact]
    public void Trim_OfALongSequence_TakesPageAfterPageWithoutCopyingWhatIsLeft()
    {
        const int Pages = 400;
        ModelSpec spec = ModelSpecBuilder.Build(GgufModel.Open(TinyModel.Path));
        BudgetAccount account = new("test", long.MaxValue);
        using KvPages pages = new(new PageLayout(spec, KvType.F16), Pages, account);
        using SequenceState state = new(spec, Pages * PageLayout.Tokens, pages, account);
        Seat seat = new(0, state);
        int[] tokens = [.. Enumerable.Range(0, Pages * PageLayout.Tokens)];
        state.Pages.Hold(0, tokens.Length);
        seat.Keep(1, tokens);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(KeptSeats.Trim([seat], pages, () => Pages - 2));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, tokens.Length * sizeof(int));
        Assert.Equal((2 * PageLayout.Tokens, 2), (seat.KeptCount, state.Pages.Held));
        Assert.Equal(PageLayout.Tokens + 5, seat.ResumeAt(1, tokens[..(PageLayout.Tokens + 6)]));
    }
}
