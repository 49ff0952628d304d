using System.Runtime.InteropServices;

namespace LayerStream.Memory;

/// <summary>
/// Zeroed native memory whose address is a multiple of the page size (at least 4,096). Pages count as resident when they are
/// first touched. There is no finalizer: addresses handed out do not keep this object alive, and a read may still be
/// filling them, so the owner disposes it after everything that uses it has ended.
/// </summary>
public sealed unsafe class AlignedBuffer : IDisposable
{
    private const int SmallestPageBytes = 4096;
    private const int HugePageBytes = 2 << 20; // of x86-64, and of arm64 with pages of 4 KiB
    private static long s_liveBytes;
    private static long s_liveCount;
    private static long s_allocations;

    private readonly nuint _mappedBytes;
    private readonly bool _isMapped;
    private readonly Reservation[] _reservations;
    private nint _address;

    private AlignedBuffer(nint address, long length, nuint mappedBytes, bool isMapped, string purpose, Reservation[] reservations)
    {
        _reservations = reservations;
        _address = address;
        Length = length;
        _mappedBytes = mappedBytes;
        _isMapped = isMapped;
        Purpose = purpose;
        Interlocked.Add(ref s_liveBytes, (long)mappedBytes);
        Interlocked.Increment(ref s_liveCount);
        Interlocked.Increment(ref s_allocations);
    }

    /// <summary>Bytes of all buffers not yet disposed, rounded up to pages (the native ledger of the process).</summary>
    public static long LiveBytes => Interlocked.Read(ref s_liveBytes);

    /// <summary>Buffers not yet disposed.</summary>
    public static long LiveCount => Interlocked.Read(ref s_liveCount);

    /// <summary>Allocations since the process started; must not grow in steady state.</summary>
    public static long Allocations => Interlocked.Read(ref s_allocations);

    /// <summary>First byte; a multiple of the page size.</summary>
    /// <exception cref="ObjectDisposedException">After <see cref="Dispose"/>.</exception>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(_address == 0, this);
            return _address;
        }
    }

    /// <summary>Usable bytes, exactly as asked for.</summary>
    public long Length { get; }

    /// <summary>What it was allocated for, as in the budget sheet.</summary>
    public string Purpose { get; }

    /// <summary>Allocates zeroed, page-aligned memory: only for <see cref="BudgetAccount"/> and <see cref="BudgetSheet"/>.</summary>
    /// <param name="hugePages">Whether to ask for huge pages.</param>
    /// <param name="parts">Who pays for how many bytes, one behind the other, and gets them back with the memory; the first one is named
    /// when memory runs out. Zero bytes give a valid address of length zero.</param>
    /// <exception cref="AccountOverdrawnException">An account has less left.</exception>
    /// <exception cref="OutOfMemoryException">The system refused; names purpose and size.</exception>
    internal static AlignedBuffer Allocate(bool hugePages, params ReadOnlySpan<(BudgetAccount Account, long Bytes)> parts)
    {
        List<Reservation> reservations = [];
        long bytes = 0;
        try
        {
            foreach ((BudgetAccount account, long part) in parts)
            {
                reservations.Add(account.Reserve(part));
                bytes = checked(bytes + part);
            }

            return Allocate(bytes, parts[0].Account.Name, hugePages, [.. reservations]);
        }
        catch
        {
            reservations.ForEach(r => r.Dispose());
            throw;
        }
    }

    private static AlignedBuffer Allocate(long bytes, string purpose, bool hugePages, Reservation[] reservations)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentException.ThrowIfNullOrEmpty(purpose);
        long page = Math.Max(SmallestPageBytes, Environment.SystemPageSize);
        if (bytes > long.MaxValue - page)
        {
            throw Refused(bytes, purpose);
        }

        nuint mapped = (nuint)(Math.Max(1, (bytes + page - 1) / page) * page);
        if (!OperatingSystem.IsWindows())
        {
            bool huge = hugePages && OperatingSystem.IsLinux() && mapped >= HugePageBytes;
            nint address = huge ? MapAtHugePage(mapped, (nuint)page) : Map(mapped);
            if (address is not (-1 or 0))
            {
                if (huge)
                {
                    // Weights are read in long runs: with 4 KiB pages, address translation and the pinning of pages for direct reads cost
                    // as much as the work. A refusal changes nothing but speed; the huge pages lie within the mapping, so the account
                    // holds.
                    _ = NativePages.Advise(address, mapped, NativePages.AdviseHugePages);
                }

                return new AlignedBuffer(address, bytes, mapped, isMapped: true, purpose, reservations);
            }
        }

        void* block;
        try
        {
            block = NativeMemory.AlignedAlloc(mapped, (nuint)page);
        }
        catch (OutOfMemoryException)
        {
            throw Refused(bytes, purpose);
        }

        NativeMemory.Clear(block, mapped);
        return new AlignedBuffer((nint)block, bytes, mapped, isMapped: false, purpose, reservations);
    }

    /// <summary>A view of <paramref name="length"/> bytes at <paramref name="offset"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not inside the buffer.</exception>
    public Span<byte> Bytes(long offset, int length)
    {
        CheckRange(offset, length);
        return new Span<byte>((void*)(Address + (nint)offset), length);
    }

    /// <summary>A view of <paramref name="count"/> floats starting <paramref name="byteOffset"/> bytes in.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not inside the buffer.</exception>
    public Span<float> Floats(long byteOffset, int count)
    {
        CheckRange(byteOffset, (long)count * sizeof(float));
        return new Span<float>((void*)(Address + (nint)byteOffset), count);
    }

    /// <summary>
    /// Takes pages from the system before they are used; what they hold stays as it is. False where the system cannot or will not: they are
    /// then taken when first touched.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not inside the buffer, or not the beginning of a page.</exception>
    public bool TryTake(long offset, long length)
    {
        CheckRange(offset, length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(offset % Environment.SystemPageSize, 0);
        return _isMapped && OperatingSystem.IsLinux()
            && NativePages.Advise(Address + (nint)offset, (nuint)length, NativePages.AdvisePopulate) == 0;
    }

    /// <summary>Gives the memory back. No read may be in flight into it.</summary>
    public void Dispose()
    {
        nint address = Interlocked.Exchange(ref _address, 0);
        if (address == 0)
        {
            return;
        }

        if (!_isMapped)
        {
            NativeMemory.AlignedFree((void*)address);
        }
        else if (NativePages.Unmap(address, _mappedBytes) != 0)
        {
            throw new InvalidOperationException($"munmap of {Purpose} failed (errno {Marshal.GetLastPInvokeError()}).");
        }

        foreach (Reservation reservation in _reservations)
        {
            reservation.Dispose();
        }

        Interlocked.Add(ref s_liveBytes, -(long)_mappedBytes);
        Interlocked.Decrement(ref s_liveCount);
    }

    private static nint Map(nuint bytes) => NativePages.Map(
        0, bytes, NativePages.ProtectRead | NativePages.ProtectWrite, NativePages.MapPrivate | NativePages.MapAnonymous, -1, 0);

    /// <summary>Maps more addresses than are wanted and gives back those around the first huge page's beginning: else up to a huge page at
    /// either end consists of small ones, which is most of a buffer of a few MiB.</summary>
    private static nint MapAtHugePage(nuint bytes, nuint page)
    {
        nuint spare = HugePageBytes - page;
        nint address = Map(bytes + spare);
        if (address is -1 or 0)
        {
            return Map(bytes); // a limit of addresses
        }

        nuint front = (nuint)(-address & (HugePageBytes - 1));
        nint begin = address + (nint)front;
        bool isTrimmed = (front == 0 || NativePages.Unmap(address, front) == 0)
            && (front == spare || NativePages.Unmap(begin + (nint)bytes, spare - front) == 0);
        return isTrimmed ? begin : throw new InvalidOperationException($"munmap failed (errno {Marshal.GetLastPInvokeError()}).");
    }

    private static OutOfMemoryException Refused(long bytes, string purpose) =>
        new($"The system refused {ByteSize.Format(bytes)} ({bytes} bytes) for {purpose}.");

    private void CheckRange(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (offset > Length - length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), $"{offset}+{length} is outside {Purpose} of {Length} bytes.");
        }
    }
}
