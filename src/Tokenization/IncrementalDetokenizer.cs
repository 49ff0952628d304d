using System.Text;

namespace LayerStream.Tokenization;

/// <summary>Decodes a stream of tokens: text comes out as soon as it is complete UTF-8, at most 3 bytes are held back. Leading spaces
/// stay. For one stream; not for concurrent use.</summary>
/// <param name="tokenizer">The vocabulary.</param>
/// <param name="special">Write control tokens out.</param>
/// <param name="visible">Control tokens that are written out in any case; null = none.</param>
public sealed class IncrementalDetokenizer(Tokenizer tokenizer, bool special = false, IReadOnlySet<int>? visible = null)
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private char[] _characters = new char[64];

    /// <summary>Takes a token.</summary>
    /// <returns>The text that became complete, possibly empty; invalid bytes as U+FFFD.</returns>
    public string Append(int id) => Decode(tokenizer.PieceBytes(id, special || visible?.Contains(id) == true), flush: false);

    /// <summary>Ends the stream and makes ready for another one.</summary>
    /// <returns>U+FFFD for a character left incomplete, otherwise an empty text.</returns>
    public string Flush() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        // One character per byte, and a replacement for each of up to 3 bytes held back.
        if (_characters.Length < bytes.Length + 4)
        {
            _characters = new char[bytes.Length + 4];
        }

        int count = _decoder.GetChars(bytes, _characters, flush);
        return count == 0 ? "" : new string(_characters, 0, count);
    }
}
