using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace LayerStream.Formats;

/// <summary>
/// Decodes UTF-8 with U+FFFD for invalid bytes. <see cref="Encoding"/> allocates for every invalid sequence, which a hostile file
/// could multiply; this does not.
/// </summary>
internal static class Utf8Text
{
    private const int ScratchChars = 512;

    /// <summary>Characters that <see cref="Decode"/> writes.</summary>
    internal static int CountChars(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetCharCount(bytes);
        }

        Span<char> scratch = stackalloc char[ScratchChars];
        int chars = 0;
        OperationStatus status;
        do
        {
            status = Utf8.ToUtf16(bytes, scratch, out int read, out int written);
            bytes = bytes[read..];
            chars += written;
        }
        while (status == OperationStatus.DestinationTooSmall);
        return chars;
    }

    /// <summary>Decodes into a span of at least <see cref="CountChars"/> characters; gives their number.</summary>
    internal static int Decode(ReadOnlySpan<byte> bytes, Span<char> text)
    {
        Utf8.ToUtf16(bytes, text, out _, out int written);
        return written;
    }

    /// <summary>A string of its own.</summary>
    internal static string ToText(ReadOnlySpan<byte> bytes) =>
        string.Create(CountChars(bytes), bytes, static (text, source) => Decode(source, text));
}
