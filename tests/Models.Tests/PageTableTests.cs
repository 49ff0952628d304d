using LayerStream.Kernels.Ops;
using LayerStream.Memory;
using LayerStream.Models.Building;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using Xunit;

namespace LayerStream.Models.Tests;

public sealed class PageTableTests
{
    private const int Context = 5 * PageLayout.Tokens;

    [Fact]
    public void Hold_TokenByToken_TakesAPageForEach128()
    {
        using KvPages pages = Pages(5);
        PageTable table = new(pages, Context);
        for (int token = 0; token < Context; token++)
        {
            table.Hold(token, token + 1);
            Assert.Equal((token / PageLayout.Tokens) + 1, table.Held);
            Assert.Equal(5 - table.Held, pages.Free);
        }

        table.Cut(130);
        Assert.Equal((2, 3), (table.Held, pages.Free));
        table.Cut(0);
        Assert.Equal((0, 5), (table.Held, pages.Free));
    }

    [Fact]
    public void Hold_MoreThanThereIs_SaysSoAndKeepsWhatItHas()
    {
        using KvPages pages = Pages(2);
        PageTable table = new(pages, Context);
        Assert.Throws<InvalidOperationException>(() => table.Hold(0, 257));
        Assert.Equal((2, 0), (table.Held, pages.Free));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Hold(0, Context + 1));
    }

    [Fact]
    public void Share_ABeginning_HoldsFullPagesTogetherAndCopiesTheLast()
    {
        using KvPages pages = Pages(5);
        PageTable first = new(pages, Context), second = new(pages, Context);
        byte[] written = Write(first, 300, seed: 1);
        second.Share(first, 290);
        Assert.Equal((3, 3, 1, 2), (first.Held, second.Held, pages.Free, pages.Shared));
        Assert.Equal(Rows(written, 300, 290, pages.Layout), Read(second, 290));

        first.Cut(0);
        Assert.Equal((2, 0), (pages.Free, pages.Shared));
        Assert.Equal(Rows(written, 300, 290, pages.Layout), Read(second, 290));
        second.Cut(0);
        Assert.Equal(5, pages.Free);
    }

    [Fact]
    public void Hold_APageThatAnotherHoldsToo_WritesToACopy()
    {
        using KvPages pages = Pages(5);
        PageTable first = new(pages, Context), second = new(pages, Context);
        byte[] written = Write(first, 256, seed: 2);
        second.Share(first, 256);
        Assert.Equal(1, second.Missing(200, 201));
        second.Cut(200);
        second.Hold(200, 201);
        Assert.Equal(1, pages.Shared);
        byte[] other = new byte[pages.Layout.RowBytes];
        other.AsSpan().Fill(7);
        second.Restore(200, 1, 0, other);
        Assert.Equal(written, Read(first, 256));
        Assert.Equal(Rows(written, 256, 200, pages.Layout), Read(second, 200));
        Assert.Equal(0, second.Missing(201, 256));
    }

    [Fact]
    public void Share_OverWhatItHas_GivesItsOwnPagesBack()
    {
        using KvPages pages = Pages(5);
        PageTable first = new(pages, Context), second = new(pages, Context);
        byte[] written = Write(first, 256, seed: 3);
        Write(second, 200, seed: 4);
        Assert.Equal(1, pages.Free);
        second.Share(first, 256);
        Assert.Equal((3, 2), (pages.Free, pages.Shared));
        Assert.Equal(written, Read(second, 256));
    }

    [Theory]
    [InlineData(0, 300)]
    [InlineData(100, 200)]
    [InlineData(128, 128)]
    [InlineData(255, 2)]
    public void Save_InSteps_GivesWhatWasRestored(int begin, int count)
    {
        using KvPages pages = Pages(5);
        PageTable table = new(pages, Context);
        byte[] bytes = new byte[table.RowBytes(count)], saved = new byte[bytes.Length];
        new Random(5).NextBytes(bytes);
        const int Step = 1000;
        for (int at = 0; at < bytes.Length; at += Step)
        {
            table.Restore(begin, count, at, bytes.AsSpan(at, Math.Min(Step, bytes.Length - at)));
        }

        for (int at = 0; at < bytes.Length; at += 777)
        {
            table.Save(begin, count, at, saved.AsSpan(at, Math.Min(777, bytes.Length - at)));
        }

        Assert.Equal(bytes, saved);
    }

    private static KvPages Pages(int count) => new(
        new PageLayout(ModelSpecBuilder.Build(new TinyFile("llama").Open()), KvType.F16), count, new BudgetAccount("test", long.MaxValue));

    private static byte[] Write(PageTable table, int tokens, int seed)
    {
        byte[] bytes = new byte[table.RowBytes(tokens)];
        new Random(seed).NextBytes(bytes);
        table.Restore(0, tokens, 0, bytes);
        return bytes;
    }

    private static byte[] Read(PageTable table, int tokens)
    {
        byte[] bytes = new byte[table.RowBytes(tokens)];
        table.Save(0, tokens, 0, bytes);
        return bytes;
    }

    /// <summary>Of the bytes of some tokens those of the first ones: each table has its rows one behind the other.</summary>
    private static byte[] Rows(byte[] bytes, int tokens, int first, PageLayout layout)
    {
        ModelSpec spec = ModelSpecBuilder.Build(new TinyFile("llama").Open());
        List<byte> rows = [];
        int at = 0;
        foreach (long row in spec.Layers.SelectMany(l => l.Mixer.StateRowBytes(layout.Type)))
        {
            rows.AddRange(bytes.AsSpan(at, (int)row * first));
            at += (int)row * tokens;
        }

        return [.. rows];
    }
}
