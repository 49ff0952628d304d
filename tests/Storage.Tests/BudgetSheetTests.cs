using LayerStream.Memory;
using Xunit;

namespace LayerStream.Storage.Tests;

public sealed class BudgetSheetTests
{
    [Fact]
    public void Seal_Fits_SealsAndRefusesMore()
    {
        BudgetSheet sheet = new(1000);
        sheet.Add("weights arena", 600);
        sheet.Add("kv cache", 100);
        sheet.Add("weights arena", 200);
        Assert.Equal((900, 100), (sheet.Sum, sheet.Free));
        Assert.Equal([new("weights arena", 800), new("kv cache", 100)], sheet.Accounts);
        sheet.Seal();
        Assert.True(sheet.IsSealed);
        Assert.Throws<InvalidOperationException>(() => sheet.Add("late", 1));
        Assert.Contains("weights arena", sheet.Render());
        Assert.Contains("free", sheet.Render());
    }

    [Fact]
    public void Seal_DoesNotFit_SaysTheSmallestBudgetAndTheOption()
    {
        BudgetSheet sheet = new(1 << 20);
        sheet.Add("weights arena", 3 << 20);
        sheet.Add("kv cache", 1);
        BudgetTooSmallException e = Assert.Throws<BudgetTooSmallException>(sheet.Seal);
        Assert.False(sheet.IsSealed);
        Assert.Same(sheet, e.Sheet);
        Assert.Equal((3 << 20) + 1, e.SmallestBudgetBytes);
        Assert.Contains("--memory-budget 4MiB", e.Message);
        Assert.Contains("weights arena", e.Message);
        Assert.Contains("missing", e.Message);
    }

    [Fact]
    public void Add_HugeSums_SaturateAndDoNotFit()
    {
        BudgetSheet sheet = new(1000);
        sheet.Add("a", long.MaxValue);
        sheet.Add("b", long.MaxValue);
        Assert.Equal(long.MaxValue, sheet.Sum);
        Assert.Throws<BudgetTooSmallException>(sheet.Seal);
        Assert.Throws<ArgumentOutOfRangeException>(() => sheet.Add("c", -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BudgetSheet(-1));
    }
}
