using System.Globalization;

namespace LayerStream.Tokenization.PreTokenization;

/// <summary>Unicode classes of code points as bit flags in one byte.</summary>
internal static class CharacterClass
{
    public const byte Letter = 1;
    public const byte Number = 2;
    public const byte Mark = 4;
    public const byte Punctuation = 8;
    public const byte Symbol = 16;
    public const byte Whitespace = 32;

    /// <summary>Lu and Lt, set besides <see cref="Letter"/>.</summary>
    public const byte Upper = 64;

    /// <summary>Ll, set besides <see cref="Letter"/>.</summary>
    public const byte Lower = 128;

    private static readonly byte[] s_basicPlane = BuildBasicPlane();

    /// <summary>The flags of a code point.</summary>
    public static byte Of(int codePoint) => codePoint < 0x10000 ? s_basicPlane[codePoint] : Compute(codePoint);

    private static byte[] BuildBasicPlane()
    {
        var classes = new byte[0x10000];
        for (int c = 0; c < classes.Length; c++)
        {
            classes[c] = Compute(c);
        }

        return classes;
    }

    private static byte Compute(int codePoint)
    {
        byte flags = CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => Letter | Upper,
            UnicodeCategory.LowercaseLetter => Letter | Lower,
            UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Number,
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => Mark,
            UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
                or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation
                or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation => Punctuation,
            UnicodeCategory.MathSymbol or UnicodeCategory.CurrencySymbol or UnicodeCategory.ModifierSymbol
                or UnicodeCategory.OtherSymbol => Symbol,
            _ => 0,
        };
        return IsWhitespace(codePoint) ? (byte)(flags | Whitespace) : flags;
    }

    private static bool IsWhitespace(int c) =>
        c is (>= 0x09 and <= 0x0D) or 0x20 or 0x85 or 0xA0 or 0x1680 or (>= 0x2000 and <= 0x200A) or 0x2028 or 0x2029 or 0x202F
            or 0x205F or 0x3000;
}
