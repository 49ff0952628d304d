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
    private const int LeastHugeBytes = 4 << 20;
    private static long s_liveBytes;
    private static long s_liveCount;
    private static long s_allocations;

    private readonly nuint _mappedBytes;
    private readonly bool _isMapped;
    private readonly Reservation _reservation;
    private nint _address;

    private AlignedBuffer(nint address, long length, nuint mappedBytes, bool isMapped, string purpose, Reservation reservation)
    {
        _reservation = reservation;
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

    /// <summary>Allocates zeroed, page-aligned memory: only for <see cref="BudgetAccount"/>.</summary>
    /// <param name="bytes">Length in bytes; zero gives a valid address of length zero.</param>
    /// <param name="purpose">Account named in the error when memory runs out.</param>
    /// <param name="hugePages">Whether to ask for huge pages.</param>
    /// <param name="reservation">What the account gave; it goes back with the memory.</param>
    /// <exception cref="OutOfMemoryException">The system refused; names purpose and size.</exception>
    internal static AlignedBuffer Allocate(long bytes, string purpose, bool hugePages, Reservation reservation)
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
            const int protection = NativePages.ProtectRead | NativePages.ProtectWrite;
            nint address = NativePages.Map(0, mapped, protection, NativePages.MapPrivate | NativePages.MapAnonymous, -1, 0);
            if (address is not (-1 or 0))
            {
                if (hugePages && OperatingSystem.IsLinux() && mapped >= LeastHugeBytes)
                {
                    // Weights are read in long runs: with 4 KiB pages, address translation and the pinning of pages for direct reads cost
                    // as much as the work. A refusal changes nothing but speed; the huge pages lie within the mapping, so the account
                    // holds.
                    _ = NativePages.Advise(address, mapped, NativePages.AdviseHugePages);
                }

                return new AlignedBuffer(address, bytes, mapped, isMapped: true, purpose, reservation);
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
        return new AlignedBuffer((nint)block, bytes, mapped, isMapped: false, purpose, reservation);
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

        _reservation.Dispose();
        Interlocked.Add(ref s_liveBytes, -(long)_mappedBytes);
        Interlocked.Decrement(ref s_liveCount);
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
