using LayerStream.Kernels.Ops;
using LayerStream.Memory;
using LayerStream.Models.Building;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using Xunit;

namespace LayerStream.Models.Tests;

public sealed class WindowPagesTests
{
    private const int Context = 6 * PageLayout.Tokens;
    private const int Keys = 4; // the tiny file's window

    [Fact]
    public void Hold_ALongSequence_GivesUpWhatIsBehindTheLastPages()
    {
        using Fixture made = new(count: 2);
        for (int token = 0; token < Context; token++)
        {
            made.State.Hold(token);
            made.State.CheckWindow(token);
            int lowest = Math.Max(0, (token / PageLayout.Tokens) - 1) * PageLayout.Tokens;
            Assert.Equal(lowest == 0 ? 0 : lowest + Keys - 1, made.State.LeastTokens);
        }

        made.State.Cut(5 * PageLayout.Tokens);
        Assert.Throws<InvalidOperationException>(() => made.State.CheckWindow((4 * PageLayout.Tokens) + Keys - 2));
        made.State.CheckWindow((4 * PageLayout.Tokens) + Keys - 1);
        made.State.Cut(0);
        Assert.Equal(0, made.State.LeastTokens);
        made.State.CheckWindow(0);
    }

    [Fact]
    public void Table_OfALayerWithAWindow_HasThePagesInTurn()
    {
        using Fixture made = new(count: 2);
        for (int token = 0; token < Context; token++)
        {
            made.State.Hold(token);
        }

        CachedRows window = made.State.Table(0, 16), all = made.State.Table(1, 16);
        Assert.Equal(window.At(5, 0), window.At(5 + (2 * PageLayout.Tokens), 0));
        Assert.NotEqual(window.At(5, 0), window.At(5 + PageLayout.Tokens, 0));
        Assert.Equal(6, Enumerable.Range(0, 6).Select(p => all.At(p * PageLayout.Tokens, 0)).Distinct().Count());
    }

    [Fact]
    public void Store_InALayerWithAWindow_NotesWhatItCannotHoldWithTheLayer()
    {
        using Fixture made = new(count: 2);
        made.State.Hold(0);
        using AlignedBuffer row = new BudgetAccount("test", long.MaxValue).Allocate(4096);
        row.Floats(0, 16).Fill(1e9f);
        made.State.Store(row.Address, made.State.Table(0, 16), 0);
        Assert.Equal(0, Assert.IsType<KeyValueRangeException>(made.State.Fault).Layer);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(300)]
    public void Count_ForPassesOfSomeRows_LeavesAPageBehindAllThatTheySee(int rows)
    {
        using Fixture made = new(count: 1);
        int count = WindowPages.Count(made.Windows, rows);
        int most = Enumerable.Range(0, 1000).Max(first => ((first + rows - 1) / PageLayout.Tokens)
            - (made.Windows.FirstKey(first) / PageLayout.Tokens) + 1);
        Assert.InRange(count, most + 1, most + 2);
    }

    private sealed class Fixture : IDisposable
    {
        private readonly KvPages _pages;

        internal Fixture(int count)
        {
            ModelSpec spec = ModelSpecBuilder.Build(new TinyFile("gemma3").Open());
            Windows = new WindowLayers(spec);
            Assert.True(Windows.Contains(0) && !Windows.Contains(1));
            BudgetAccount account = new("test", long.MaxValue);
            _pages = new KvPages(new PageLayout(spec, KvType.F16, l => !Windows.Contains(l)), 6, account);
            State = new SequenceState(spec, Context, _pages, account, windowPages: count);
        }

        internal WindowLayers Windows { get; }

        internal SequenceState State { get; }

        public void Dispose()
        {
            State.Dispose();
            _pages.Dispose();
        }
    }
}
