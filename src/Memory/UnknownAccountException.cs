namespace LayerStream.Memory;

/// <summary>Memory was asked of an account that the sheet does not have.</summary>
/// <param name="account">The name that was asked for.</param>
/// <param name="sheet">The sheet.</param>
public sealed class UnknownAccountException(string account, BudgetSheet sheet) : InvalidOperationException(
    $"The memory budget has no account '{account}'. It has: {string.Join(", ", sheet.Accounts.Select(a => a.Name))}.")
{
    /// <summary>The name that was asked for.</summary>
    public string Account { get; } = account;
}
