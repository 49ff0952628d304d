using Xunit;

namespace LayerStream.Memory.Tests;

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
        Assert.Equal([("weights arena", 800), ("kv cache", 100)], sheet.Accounts.Select(a => (a.Name, a.LimitBytes)));
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
    public void Allocate_FromASealedSheet_TakesFromTheLineThatIsPrinted()
    {
        BudgetSheet sheet = new(64 << 10);
        sheet.Add("kv cache", 32 << 10);
        Assert.Throws<InvalidOperationException>(() => sheet.Allocate("kv cache", 1));
        sheet.Seal();
        using AlignedBuffer buffer = sheet.Allocate("kv cache", 20 << 10);
        Assert.Equal(("kv cache", 20 << 10), (buffer.Purpose, sheet.Account("kv cache").UsedBytes));
        AccountOverdrawnException overdrawn = Assert.Throws<AccountOverdrawnException>(() => sheet.Allocate("kv cache", (12 << 10) + 1));
        Assert.Equal(("kv cache", (12L << 10) + 1), (overdrawn.Account, overdrawn.AskedBytes));
        Assert.Contains("32.00 KiB", overdrawn.Message, StringComparison.Ordinal);
        UnknownAccountException unknown = Assert.Throws<UnknownAccountException>(() => sheet.Allocate("scratch", 1));
        Assert.Contains("kv cache", unknown.Message, StringComparison.Ordinal);
        Assert.Equal(20 << 10, sheet.Account("kv cache").UsedBytes);
    }

    [Fact]
    public void AllocateAcross_TwoAccounts_EachPaysForItsPartOfOnePiece()
    {
        BudgetSheet sheet = new(64 << 10);
        sheet.Add("ring", 16 << 10);
        sheet.Add("reserve", 24 << 10);
        sheet.Seal();
        long Used(string account) => sheet.Account(account).UsedBytes;
        AlignedBuffer buffer = sheet.AllocateAcross("ring", 8 << 10, "reserve", 24 << 10);
        Assert.Equal((32 << 10, 8 << 10, 24 << 10), (buffer.Length, Used("ring"), Used("reserve")));
        AccountOverdrawnException e = Assert.Throws<AccountOverdrawnException>(() => sheet.AllocateAcross("ring", 8 << 10, "reserve", 1));
        Assert.Equal("reserve", e.Account);
        Assert.Equal(8 << 10, Used("ring"));
        buffer.Dispose();
        Assert.Equal((0, 0), (Used("ring"), Used("reserve")));
        using AlignedBuffer alone = sheet.AllocateAcross("ring", 4 << 10, "not there", 0);
        Assert.Equal(4 << 10, Used("ring"));
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
