using System.Runtime.InteropServices;

namespace LayerStream.Kernels.Tests;

/// <summary>Memory whose last byte is followed by a page without access (Linux; elsewhere plain memory).</summary>
internal sealed unsafe class QuantGuardedMemory : IDisposable
{
    private const int Page = 4096;
    private readonly nint _base;
    private readonly nuint _mapped;

    public QuantGuardedMemory(long bytes)
    {
        long body = (bytes + Page - 1) / Page * Page;
        _mapped = (nuint)(body + Page);
        if (OperatingSystem.IsLinux())
        {
            _base = Map(0, _mapped, 3, 0x22, -1, 0);
            if (_base == -1 || Protect(_base + (nint)body, Page, 0) != 0)
            {
                throw new InvalidOperationException("mmap or mprotect failed");
            }
        }
        else
        {
            _base = (nint)NativeMemory.AllocZeroed(_mapped);
        }

        Address = _base + (nint)(body - bytes);
    }

    /// <summary>First byte; the byte at Address + size is not accessible.</summary>
    public nint Address { get; }

    public void Dispose()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Unmap(_base, _mapped);
        }
        else
        {
            NativeMemory.Free((void*)_base);
        }
    }

    [DllImport("libc", EntryPoint = "mmap")]
    private static extern nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "mprotect")]
    private static extern int Protect(nint address, nuint length, int protection);

    [DllImport("libc", EntryPoint = "munmap")]
    private static extern int Unmap(nint address, nuint length);
}
