using System.Runtime.InteropServices;

namespace LayerStream.Storage;

/// <summary>
/// The time slice a thread asks the Linux scheduler for (6.12 and later; no privilege needed). A thread that sleeps most of the time and
/// asks for a short one runs as soon as it wakes; with the usual one it waits up to 3 ms for threads that compute.
/// </summary>
internal static unsafe partial class SchedulerSlice
{
    private const ulong ShortNanos = 100_000; // the least that the kernel takes

    // sched_setattr and sched_getattr; 0 where unknown.
    private static readonly (int Set, int Get) s_calls = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => (314, 315),
        Architecture.Arm64 => (274, 275),
        _ => (0, 0),
    };

    /// <summary>Asks for the shortest slice for the calling thread. A system that knows no such thing is left as it is.</summary>
    internal static void AskForShort()
    {
        if (!OperatingSystem.IsLinux() || s_calls.Set == 0)
        {
            return;
        }

        Attributes attributes = default;
        if (Call(s_calls.Get, 0, &attributes, (nuint)sizeof(Attributes), 0) == 0 && attributes.Policy == 0)
        {
            attributes.Runtime = ShortNanos; // everything else, niceness above all, stays
            _ = Call(s_calls.Set, 0, &attributes, 0, 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Call(nint number, nint thread, Attributes* attributes, nuint third, nuint fourth);

    // struct sched_attr, its first version; the kernel fills in the size.
    [StructLayout(LayoutKind.Sequential)]
    private struct Attributes
    {
        public uint Size;
        public uint Policy;
        public ulong Flags;
        public int Nice;
        public uint Priority;
        public ulong Runtime;
        public ulong Deadline;
        public ulong Period;
    }
}
