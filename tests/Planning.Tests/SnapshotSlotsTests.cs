using LayerStream.Planning.Batches;

namespace LayerStream.Planning.Tests;

public sealed class SnapshotSlotsTests
{
    [Fact]
    public void Plan_MorePlacesThanSlots_LeavesOutWhatSparesLeastAndKeepsTheLast()
    {
        SnapshotSlots slots = new(3);
        slots.Plan([100, 200, 205]);
        TakeAll(slots);
        slots.Plan([300, 304]);
        Assert.Equal([100, 200, 304], Positions(slots).Order()); // 205 and 300 spare 5 and 95
        Assert.Equal([100, 200], slots.Taken.Order());
        Assert.Equal(-1, slots.Find(304));
        TakeAll(slots);
        Assert.Equal(304, slots.Position(slots.Find(304)));
    }

    [Fact]
    public void Cut_BehindSomeTokens_FreesWhatLiesBehindThemAndWhatWasNeverTaken()
    {
        SnapshotSlots slots = new(4);
        slots.Plan([10, 20, 30]);
        TakeAll(slots);
        slots.Plan([25]);
        slots.Cut(25);
        Assert.Equal([10, 20], Positions(slots).Where(p => p > 0).Order());
    }

    [Fact]
    public void Plan_AnyHistory_HoldsTheNewestAndNoMoreThanThereIsRoomFor()
    {
        Random random = new(5);
        for (int round = 0; round < 300; round++)
        {
            SnapshotSlots slots = new(random.Next(1, 5));
            int length = 0;
            for (int turn = 0; turn < 12; turn++)
            {
                length = random.Next(4) == 0 ? random.Next(length + 1) : length;
                slots.Cut(length);
                Assert.All(Positions(slots), p => Assert.InRange(p, 0, length));
                int end = length + random.Next(1, 500);
                slots.Plan([.. new[] { length, length + ((end - length) / 2), end }.Distinct()]);
                Assert.Contains(end, Positions(slots));
                int[] held = [.. Positions(slots).Where(p => p > 0)];
                Assert.Equal(held.Length, held.Distinct().Count());
                TakeAll(slots);
                length = end;
            }
        }
    }

    [Fact]
    public void Plan_WithoutSlots_HoldsNothing()
    {
        SnapshotSlots slots = new(0);
        slots.Plan([1, 2]);
        Assert.Empty(slots.Taken);
    }

    private static IEnumerable<int> Positions(SnapshotSlots slots) => Enumerable.Range(0, slots.Count).Select(slots.Position);

    private static void TakeAll(SnapshotSlots slots)
    {
        for (int i = 0; i < slots.Count; i++)
        {
            slots.Take(i);
        }
    }
}
