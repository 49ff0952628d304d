using System.Buffers;
using System.Globalization;
using System.Text;

namespace LayerStream.Templates.Runtime;

/// <summary>Names as Python has them: letters of any script and the underscore, then also digits and combining marks.</summary>
internal static class Identifiers
{
    /// <summary>UTF-16 units of the name that begins at the offset; 0 when none does.</summary>
    public static int LengthAt(string text, int offset)
    {
        int end = offset;
        while (end < text.Length && Rune.DecodeFromUtf16(text.AsSpan(end), out var rune, out int units) == OperationStatus.Done
            && (end == offset ? IsStart(rune) : IsStart(rune) || IsContinuation(rune)))
        {
            end += units;
        }

        return end - offset;
    }

    private static bool IsStart(Rune rune) =>
        rune.Value == '_' || Rune.IsLetter(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.LetterNumber;

    private static bool IsContinuation(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.DecimalDigitNumber
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.ConnectorPunctuation;
}
