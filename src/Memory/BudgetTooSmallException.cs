namespace LayerStream.Memory;

/// <summary>The accounts do not fit the budget. Thrown before anything is allocated.</summary>
/// <param name="sheet">The sheet that does not fit.</param>
/// <param name="smallestBudgetBytes">Smallest budget that would do, in bytes.</param>
public sealed class BudgetTooSmallException(BudgetSheet sheet, long smallestBudgetBytes)
    : Exception(Describe(sheet, smallestBudgetBytes))
{
    /// <summary>The sheet that does not fit.</summary>
    public BudgetSheet Sheet { get; } = sheet;

    /// <summary>Smallest budget that would do, in bytes.</summary>
    public long SmallestBudgetBytes { get; } = smallestBudgetBytes;

    private static string Describe(BudgetSheet sheet, long smallest) =>
        $"The memory budget of {ByteSize.Format(sheet.BudgetBytes)} is too small; the smallest that would do is "
        + $"{ByteSize.Format(smallest)}. Use --memory-budget {ByteSize.FormatOption(smallest)} or more.\n{sheet.Render()}";
}
