using System.Runtime.InteropServices;

namespace LayerStream.Host.Terminal;

/// <summary>
/// Standard streams that the program was started without. A descriptor below 3 that is closed goes to the next file that is opened; the
/// runtime may have opened one before the program runs, and what people are told would go into it.
/// </summary>
internal static class StandardStreams
{
    private const int Input = 0, Output = 1, Error = 2;
    private const int GetFlags = 1, CloseOnExec = 1;
    private const int ReadOnly = 0, WriteOnly = 1;
    private static readonly bool[] s_isTaken = new bool[3];

    /// <summary>Whether descriptor 1 belongs to the runtime.</summary>
    public static bool IsOutputTaken => s_isTaken[Output];

    /// <summary>
    /// Gives closed ones a meaning: reading ends at once, errors go nowhere, and writing output fails. Call before anything is opened.
    /// </summary>
    public static void Repair()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        for (int descriptor = Input; descriptor <= Error; descriptor++)
        {
            int flags = Control(descriptor, GetFlags);
            s_isTaken[descriptor] = flags >= 0 && (flags & CloseOnExec) != 0; // what is inherited cannot have that flag
            if (flags < 0)
            {
                _ = Open("/dev/null", descriptor == Error ? WriteOnly : ReadOnly); // gets the lowest descriptor that is free: this one
            }
        }

        if (s_isTaken[Error])
        {
            Console.SetError(TextWriter.Null);
        }
    }

    /// <summary>Standard input.</summary>
    public static Stream OpenInput() => s_isTaken[Input] ? Stream.Null : new AwaitedInput(Console.OpenStandardInput());

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static extern int Control(int descriptor, int command);

    [DllImport("libc", EntryPoint = "open", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false)]
    private static extern int Open(string path, int flags);
}
