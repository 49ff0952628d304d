using System.Globalization;
using System.Text;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>How JSON writes what stands between quotes.</summary>
internal static class JsonText
{
    private const byte FirstPlain = 0x20;

    /// <summary>Bytes that a byte of a text is written with.</summary>
    public static int BytesOf(byte value) => value switch
    {
        (byte)'"' or (byte)'\\' or 8 or 9 or 10 or 12 or 13 => 2,
        < FirstPlain => 6,
        _ => 1,
    };

    /// <summary>A text as it stands between quotes.</summary>
    public static byte[] Escaped(ReadOnlySpan<byte> text)
    {
        List<byte> bytes = [];
        foreach (byte value in text)
        {
            byte sign = value switch
            {
                (byte)'"' or (byte)'\\' => value,
                8 => (byte)'b',
                9 => (byte)'t',
                10 => (byte)'n',
                12 => (byte)'f',
                13 => (byte)'r',
                _ => 0,
            };
            bytes.AddRange(sign > 0 ? [(byte)'\\', sign] : value >= FirstPlain ? [value]
                : Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\\u{(int)value:x4}")));
        }

        return [.. bytes];
    }
}
