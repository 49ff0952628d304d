using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LayerStream.Session;

namespace LayerStream.Host.Terminal;

/// <summary>
/// Standard output by its descriptor. The runtime's own console stream drops EPIPE, so that a run would go on for a reader who is gone;
/// this one says it.
/// </summary>
internal sealed class StandardOutput : Stream
{
    private const int Descriptor = 1, Interrupted = 4, TryAgainLinux = 11, TryAgainMacOS = 35, BrokenPipe = 32;
    private const short PollOut = 4;

    /// <summary>Whether anything was written.</summary>
    public static bool HasBegun { get; private set; }

    /// <summary>A stream to write bytes to; nothing is buffered.</summary>
    public static Stream Open() => OperatingSystem.IsWindows() ? Console.OpenStandardOutput() : new StandardOutput();

    /// <summary>Makes <see cref="Console.Out"/> write here.</summary>
    public static void TakeOver()
    {
        if (!OperatingSystem.IsWindows())
        {
            Console.SetOut(TextWriter.Synchronized(new StreamWriter(Open(), new UTF8Encoding(false), 1024) { AutoFlush = true }));
        }
    }

    /// <summary>Writes one JSON object and a line feed.</summary>
    public static void WriteJson(Action<Utf8JsonWriter> members)
    {
        using BufferedStream output = new(Open(), 1 << 14);
        JsonOut.Write(output, members);
    }

    /// <summary>Writes a report and a line feed.</summary>
    public static void WriteJson<T>(T report, JsonTypeInfo<T> type, bool indented = false)
    {
        using BufferedStream output = new(Open(), 1 << 14);
        JsonOut.Write(output, report, type, indented);
        HasBegun = true;
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="OutputClosedException">The reader is gone, or there is no standard output.</exception>
    /// <exception cref="IOException">Anything else, such as a full disk.</exception>
    public override void Write(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        if (StandardStreams.IsOutputTaken)
        {
            throw new IOException("Standard output is closed.");
        }

        while (count > 0)
        {
            nint written = NativeWrite(Descriptor, ref buffer[offset], count);
            if (written >= 0)
            {
                HasBegun = true;
                offset += (int)written;
                count -= (int)written;
                continue;
            }

            Recover(Marshal.GetLastPInvokeError());
        }
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private static void Recover(int error)
    {
        if (error == BrokenPipe)
        {
            throw new OutputClosedException();
        }

        if (error == (OperatingSystem.IsMacOS() ? TryAgainMacOS : TryAgainLinux)) // a descriptor that somebody made non-blocking
        {
            PollEntry entry = new() { Descriptor = Descriptor, Events = PollOut };
            _ = NativePoll(ref entry, 1, -1);
        }
        else if (error != Interrupted)
        {
            throw new IOException($"Standard output cannot be written: {Marshal.GetPInvokeErrorMessage(error)}.");
        }
    }

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static extern int NativePoll(ref PollEntry entries, nuint count, int timeoutMillis);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    private static extern nint NativeWrite(int descriptor, ref byte bytes, nint count);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
