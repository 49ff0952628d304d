namespace LayerStream.Sampling.Grammars.Translated;

/// <summary>How the inside of a text is written where it is no JSON. What it says is passed on as the inside of a JSON text.</summary>
internal abstract class TextCode
{
    /// <summary>In place of a mode: the text has ended.</summary>
    public const int End = -1;

    /// <summary>The first mode.</summary>
    public const int Begin = 0;

    /// <summary>Takes a byte.</summary>
    /// <param name="mode">What is known of the bytes before.</param>
    /// <param name="value">The byte.</param>
    /// <param name="json">Takes bytes of JSON that are certain now.</param>
    /// <returns>The mode behind it, or <see cref="End"/>; null when the byte cannot come.</returns>
    public abstract int? Take(int mode, byte value, List<byte> json);

    /// <summary>How the text may go on where that is not open: JSON, of which one must be possible; none = it is open.</summary>
    public virtual IReadOnlyList<byte[]> Ways(int mode) => [];

    /// <summary>Adds a byte of a text as JSON writes it.</summary>
    protected static void Escape(byte value, List<byte> json)
    {
        switch (value)
        {
            case (byte)'"' or (byte)'\\':
                json.AddRange([(byte)'\\', value]);
                break;
            case (byte)'\n':
                json.AddRange("\\n"u8);
                break;
            case (byte)'\r':
                json.AddRange("\\r"u8);
                break;
            case (byte)'\t':
                json.AddRange("\\t"u8);
                break;
            case < 0x20:
                json.AddRange("\\u00"u8);
                json.AddRange([(byte)('0' + (value >> 4)), (byte)"0123456789abcdef"[value & 15]]);
                break;
            default:
                json.Add(value);
                break;
        }
    }
}
