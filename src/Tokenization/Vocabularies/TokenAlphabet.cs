namespace LayerStream.Tokenization.Vocabularies;

/// <summary>How vocabulary texts stand for bytes. Texts inside the alphabet are kept as the bytes they stand for, and only those can be
/// reached by merging; the mapping is one-to-one, so the text is recovered from the bytes.</summary>
internal abstract class TokenAlphabet
{
    /// <summary>Writes the bytes <paramref name="text"/> stands for into <paramref name="destination"/> (3 bytes per character at
    /// least).</summary>
    /// <returns>The number of bytes, or -1 when the text is outside the alphabet.</returns>
    public abstract int ToBytes(ReadOnlySpan<char> text, Span<byte> destination);

    /// <summary>The text that stands for <paramref name="bytes"/>; inverse of <see cref="ToBytes"/>.</summary>
    public abstract string ToText(ReadOnlySpan<byte> bytes);
}
