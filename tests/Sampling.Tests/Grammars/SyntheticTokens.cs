using System.Text;
using LayerStream.Sampling.Grammars;

namespace LayerStream.Sampling.Tests.Grammars;

/// <summary>A vocabulary like those of models: bytes, pieces of JSON, of words and of characters, a control and an end token.</summary>
internal static class SyntheticTokens
{
    public const int ControlToken = 256;
    public const int EndToken = 257;
    private const int FirstPiece = 258;

    private static readonly byte[][] s_pieces = Pieces();

    public static TokenTexts Texts { get; } =
        new(FirstPiece + s_pieces.Length, BytesOf, id => id is not (ControlToken or EndToken), new HashSet<int> { EndToken });

    public static byte[] BytesOf(int id) => id switch
    {
        < 256 => [(byte)id],
        ControlToken => "<|turn|>"u8.ToArray(),
        EndToken => "<|end|>"u8.ToArray(),
        _ => s_pieces[id - FirstPiece],
    };

    public static int Find(string text) =>
        Enumerable.Range(0, Texts.Count).First(id => BytesOf(id).AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(text)));

    private static byte[][] Pieces()
    {
        Random random = new(1);
        HashSet<string> pieces =
        [
            "true", "false", "null", "</think>", " the", "value", "\":", "\",", "\":\"", "\",\"", "\"}", "]}", "},{", "[{",
            "\n  ", ", ", ": ", "\\u00", "\\n", "e9", "é", "漢字", "2026-", ":00Z", "@example.com",
        ];
        string signs = "\"\"\"\"{}[],,:: \\-.";
        string letters = "abcdefghijklmnopqrstuvwxyz0123456789";
        while (pieces.Count < 2_000)
        {
            int length = random.Next(2, 7);
            string from = random.Next(3) == 0 ? signs + letters : random.Next(4) == 0 ? signs : letters;
            pieces.Add(string.Concat(Enumerable.Range(0, length).Select(_ => from[random.Next(from.Length)])));
        }

        List<byte[]> bytes = [.. pieces.Select(Encoding.UTF8.GetBytes)];
        bytes.AddRange([[0xE6, 0xBC], [0xA2, 0x22], [0x22, 0xF0, 0x9F], [0x98, 0x80]]); // halves of characters
        return [.. bytes];
    }
}
