namespace LayerStream.Memory;

/// <summary>More memory was asked of an account than the plan gave it: a plan that does not add up. Nothing was taken.</summary>
public sealed class AccountOverdrawnException : InvalidOperationException
{
    /// <param name="account">The account.</param>
    /// <param name="askedBytes">What was asked for.</param>
    public AccountOverdrawnException(BudgetAccount account, long askedBytes)
        : base($"The account '{account.Name}' of the memory budget holds {ByteSize.Format(account.LimitBytes)}, of which "
        + $"{ByteSize.Format(account.UsedBytes)} are taken; "
            + $"{ByteSize.Format(askedBytes)} ({askedBytes} bytes) more were asked for.")
    {
        (Account, AskedBytes) = (account.Name, askedBytes);
    }

    /// <summary>Name of the account.</summary>
    public string Account { get; }

    /// <summary>What was asked for.</summary>
    public long AskedBytes { get; }
}
