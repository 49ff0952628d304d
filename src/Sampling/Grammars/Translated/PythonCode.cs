namespace LayerStream.Sampling.Grammars.Translated;

/// <summary>Texts between Python's quotes, without line breaks.</summary>
/// <param name="quote">The quote.</param>
internal sealed class PythonCode(byte quote) : TextCode
{
    private const int Escaped = 1;

    private static readonly byte[][] s_escapes =
        ["'"u8.ToArray(), .. "nrtu\"\\"u8.ToArray().Select(value => (byte[])[(byte)'\\', value])];

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Ways(int mode) => mode == Escaped ? s_escapes : [];

    /// <inheritdoc/>
    public override int? Take(int mode, byte value, List<byte> json)
    {
        if (mode == Escaped)
        {
            if (value == (byte)'\'')
            {
                json.Add(value);
            }
            else if (value is (byte)'n' or (byte)'r' or (byte)'t' or (byte)'u' or (byte)'"' or (byte)'\\')
            {
                json.AddRange([(byte)'\\', value]);
            }
            else
            {
                return null;
            }

            return Begin;
        }

        if (value == quote)
        {
            return End;
        }

        if (value == (byte)'\\')
        {
            return Escaped;
        }

        Escape(value, json);
        return value < 0x20 ? null : Begin;
    }
}
