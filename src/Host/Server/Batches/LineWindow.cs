namespace LayerStream.Host.Server.Batches;

/// <summary>Goes over the lines of a stream, whatever their length, with a window of it in memory.</summary>
/// <param name="stream">The stream, from its beginning.</param>
/// <param name="line">Receives the line, as far as it is long enough.</param>
internal sealed class LineWindow(Stream stream, byte[] line)
{
    /// <summary>Memory that it takes beside the line.</summary>
    public const int HeldBytes = 64 << 10;

    private readonly byte[] _step = new byte[HeldBytes];
    private int _at, _end;

    /// <summary>Number of the line, from 1.</summary>
    public int Number { get; private set; }

    /// <summary>The line without its end; until the next is read.</summary>
    public ReadOnlyMemory<byte> Text { get; private set; }

    /// <summary>Bytes of the line, without its end.</summary>
    public long Length { get; private set; }

    /// <summary>Whether the line has an end.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Where in the stream the next line begins.</summary>
    public long Next { get; private set; }

    /// <summary>Reads the next line.</summary>
    /// <returns>False at the end of the stream.</returns>
    public bool Read()
    {
        (Length, IsEnded) = (0, false);
        int kept = 0;
        while (!IsEnded && (_at < _end || Fill()))
        {
            ReadOnlySpan<byte> left = _step.AsSpan(_at, _end - _at);
            int end = left.IndexOf((byte)'\n'), part = end < 0 ? left.Length : end;
            int taken = Math.Min(part, line.Length - kept);
            left[..taken].CopyTo(line.AsSpan(kept));
            kept += taken;
            (Length, _at, IsEnded) = (Length + part, _at + part + (end < 0 ? 0 : 1), end >= 0);
        }

        if (Length == 0 && !IsEnded)
        {
            return false;
        }

        Number++;
        Next += Length + (IsEnded ? 1 : 0);
        Text = line.AsMemory(0, kept);
        return true;
    }

    private bool Fill()
    {
        (_at, _end) = (0, stream.Read(_step));
        return _end > 0;
    }
}
