using System.Globalization;
using System.Text;

namespace LayerStream.Memory;

/// <summary>
/// The accounts whose sum must fit the memory budget of the whole process: the ledger. Filled at start by one thread, sealed before the
/// first allocation, never changed afterwards. What is printed is what is taken from: native memory comes from an account, or not at all.
/// </summary>
public sealed class BudgetSheet
{
    private readonly List<BudgetAccount> _accounts = [];

    /// <param name="budgetBytes">The promise about the whole process, in bytes.</param>
    public BudgetSheet(long budgetBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(budgetBytes);
        BudgetBytes = budgetBytes;
    }

    /// <summary>The budget in bytes.</summary>
    public long BudgetBytes { get; }

    /// <summary>Sum of all accounts in bytes; saturates at 2^63 − 1.</summary>
    public long Sum { get; private set; }

    /// <summary>Budget minus sum; negative when it does not fit.</summary>
    public long Free => BudgetBytes - Sum;

    /// <summary>Accounts in the order in which they were first named.</summary>
    public IReadOnlyList<BudgetAccount> Accounts => _accounts;

    /// <summary>True after <see cref="Seal"/> succeeded.</summary>
    public bool IsSealed { get; private set; }

    /// <summary>Adds bytes to an account; a name used again adds to the same line.</summary>
    /// <exception cref="InvalidOperationException">The sheet is sealed.</exception>
    public void Add(string account, long bytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(account);
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (IsSealed)
        {
            throw new InvalidOperationException($"The budget sheet is sealed; {account} came too late.");
        }

        if (_accounts.Find(a => a.Name == account) is { } line)
        {
            line.LimitBytes = AddSaturating(line.LimitBytes, bytes);
        }
        else
        {
            _accounts.Add(new BudgetAccount(account, bytes));
        }

        Sum = AddSaturating(Sum, bytes);
    }

    /// <summary>Closes the sheet. Call before allocating.</summary>
    /// <exception cref="BudgetTooSmallException">The sum does not fit; nothing is sealed.</exception>
    public void Seal()
    {
        if (Sum > BudgetBytes)
        {
            throw new BudgetTooSmallException(this, Sum);
        }

        IsSealed = true;
    }

    /// <summary>An account of the sealed sheet.</summary>
    /// <exception cref="UnknownAccountException">The sheet has no account of that name.</exception>
    /// <exception cref="InvalidOperationException">The sheet is not sealed.</exception>
    public BudgetAccount Account(string account)
    {
        BudgetAccount? line = _accounts.Find(a => a.Name == account);
        return !IsSealed ? throw new InvalidOperationException($"The budget sheet is not sealed; nothing may be taken from {account} yet.")
            : line ?? throw new UnknownAccountException(account, this);
    }

    /// <summary>Native memory of an account: <see cref="BudgetAccount.Allocate"/>.</summary>
    /// <exception cref="UnknownAccountException">The sheet has no account of that name.</exception>
    /// <exception cref="AccountOverdrawnException">The account has less left.</exception>
    public AlignedBuffer Allocate(string account, long bytes, bool hugePages = false) => Account(account).Allocate(bytes, hugePages);

    /// <summary>One piece of zeroed, page-aligned native memory of two accounts, which get back what each gave when it is disposed of: so
    /// that huge pages lie across the border.</summary>
    /// <param name="account">Of the front.</param>
    /// <param name="bytes">Of the front.</param>
    /// <param name="other">Account of what is behind.</param>
    /// <param name="otherBytes">Of what is behind; 0 = the account need not be there.</param>
    /// <exception cref="UnknownAccountException">The sheet has no account of that name.</exception>
    /// <exception cref="AccountOverdrawnException">An account has less left.</exception>
    /// <exception cref="OutOfMemoryException">The system refused; names the account in front and the size.</exception>
    public AlignedBuffer AllocateAcross(string account, long bytes, string other, long otherBytes) => otherBytes == 0
        ? Allocate(account, bytes, hugePages: true)
        : AlignedBuffer.Allocate(hugePages: true, (Account(account), bytes), (Account(other), otherBytes));

    /// <summary>The sheet as text, one account per line, sizes right-aligned.</summary>
    public string Render()
    {
        List<(string Name, string Size)> lines = [("memory budget", ByteSize.Format(BudgetBytes))];
        lines.AddRange(_accounts.Select(a => ("  " + a.Name, ByteSize.Format(a.LimitBytes))));
        lines.Add(("sum", ByteSize.Format(Sum)));
        lines.Add(Free < 0 ? ("missing", ByteSize.Format(-Free)) : ("free", ByteSize.Format(Free)));
        int nameWidth = lines.Max(l => l.Name.Length);
        int sizeWidth = lines.Max(l => l.Size.Length);
        StringBuilder text = new();
        foreach ((string name, string size) in lines)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name.PadRight(nameWidth)}  {size.PadLeft(sizeWidth)}\n");
        }

        return text.ToString();
    }

    private static long AddSaturating(long a, long b) => a > long.MaxValue - b ? long.MaxValue : a + b;
}
