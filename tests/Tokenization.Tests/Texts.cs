using System.Text;
using CsCheck;

namespace LayerStream.Tokenization.Tests;

/// <summary>Generators of hostile texts: markers, runs, any characters, halves of surrogate pairs.</summary>
internal static class Texts
{
    private static readonly string[] s_known =
    [
        "Hello", " world", "'s", "'LL", " 123456", "\r\n", "\n\n ", "\t", "  ", "\u2581", "\u00A0", "\u3000", "e\u0301", "中文", "カナ", "한국",
            "नमस्ते", "👩‍👩‍👧", "\uD83D",
        "\uDE00", "<|im_start|>", "<|im_end|>", "<s>", "</s>", "<0x41>", "<|", "[INST]", "\uFEFF", "\u200B", "camelCaseHTML", "a/b//\n",
            "ǅʰ½", "!?=<>|", "\0", "\u0085",
    ];

    private static readonly Gen<string> s_runs =
        Gen.Select(Gen.OneOf(" ", "\n", "a", "ab", "'", "\u0301", "👍", "7", "<|", "中", "\uD800", "\u2581"), Gen.Int[1, 400],
            static (text, count) => Repeat(text, count));

    private static readonly Gen<string> s_piece = Gen.Frequency(
        (4, Gen.OneOf(s_known)),
        (3, Gen.Int[0, 0x10FFFF].Select(static c => Rune.IsValid(c) ? new Rune(c).ToString() : ((char)c).ToString())),
        (2, Gen.Char[' ', '~'].Array[1, 30].Select(static c => new string(c))),
        (1, s_runs));

    /// <summary>Any text.</summary>
    public static Gen<string> Any { get; } = s_piece.Array[0, 40].Select(static pieces => string.Concat(pieces));

    /// <summary>The text with every half of a surrogate pair as U+FFFD.</summary>
    public static string WellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
