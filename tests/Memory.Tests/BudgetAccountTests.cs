using Xunit;

namespace LayerStream.Memory.Tests;

public sealed class BudgetAccountTests
{
    [Fact]
    public void Reserve_BeyondTheLimit_IsRefusedAndTakesNothing()
    {
        BudgetAccount account = new("requests", 100);
        using Reservation first = account.Reserve(60);
        Assert.Null(account.TryReserve(41));
        Assert.Throws<AccountOverdrawnException>(() => account.Reserve(41));
        Assert.Equal((60, 40), (account.UsedBytes, account.FreeBytes));
        using Reservation? second = account.TryReserve(40);
        Assert.NotNull(second);
        Assert.Equal((100, 100), (account.UsedBytes, account.PeakBytes));
    }

    [Fact]
    public void Reservation_GrownAndShrunk_HoldsWhatItSays()
    {
        BudgetAccount account = new("requests", 100);
        Reservation held = account.Reserve(10);
        Assert.True(held.TryGrow(80));
        Assert.False(held.TryGrow(11));
        Assert.Equal((90, 90), (held.Bytes, account.UsedBytes));
        held.ShrinkTo(30);
        Assert.Equal((30, 30, 90), (held.Bytes, account.UsedBytes, account.PeakBytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => held.ShrinkTo(31));
        held.Dispose();
        held.Dispose();
        Assert.Equal((0, 0), (held.Bytes, account.UsedBytes));
        Assert.False(held.TryGrow(1));
        held.ShrinkTo(0);
        Assert.Equal(0, account.UsedBytes);
    }

    [Fact]
    public void Allocate_DisposedOf_GivesTheBytesBack()
    {
        BudgetAccount account = new("staging", 8192);
        AlignedBuffer buffer = account.Allocate(5000);
        Assert.Equal(5000, account.UsedBytes);
        buffer.Dispose();
        buffer.Dispose();
        Assert.Equal(0, account.UsedBytes);
        Assert.Throws<AccountOverdrawnException>(() => account.Allocate(8193));
        Assert.Throws<OutOfMemoryException>(() => new BudgetAccount("arena", long.MaxValue).Allocate(1L << 60));
    }

    [Fact]
    public async Task Reserve_FromManyThreads_NeverExceedsTheLimitAndEndsAtZero()
    {
        BudgetAccount account = new("requests", 1000);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() =>
        {
            Random random = new(seed);
            for (int i = 0; i < 50_000; i++)
            {
                using Reservation? held = account.TryReserve(random.Next(600));
                Assert.True(account.UsedBytes <= 1000);
                _ = held?.TryGrow(random.Next(300));
            }
        }, TestContext.Current.CancellationToken)));
        Assert.Equal(0, account.UsedBytes);
        Assert.InRange(account.PeakBytes, 1, 1000);
    }

    [Fact]
    public void NativeMemory_OfThePublicSurface_ComesFromAnAccountOnly()
    {
        string[] makers = [.. typeof(AlignedBuffer).GetMethods().Where(m => m.IsStatic && m.ReturnType == typeof(AlignedBuffer))
            .Select(m => m.Name)];
        Assert.Empty(makers);
        Assert.Empty(typeof(AlignedBuffer).GetConstructors());
    }
}
