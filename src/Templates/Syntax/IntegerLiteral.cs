using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Syntax;

/// <summary>Whole numbers as the source writes them: decimal, 0x, 0o or 0b.</summary>
internal static class IntegerLiteral
{
    /// <summary>The value of a number.</summary>
    /// <exception cref="TemplateSyntaxException">Digits that are none of its base, or too many of them.</exception>
    internal static IntValue Parse(Token token)
    {
        string text = token.Text;
        int radix = text.Length < 2 ? 10 : char.ToLowerInvariant(text[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 10 };
        return IntegerText.TryParse(radix == 10 ? text : text[2..], radix, out var number)
            ? new IntValue(number)
            : throw new TemplateSyntaxException($"invalid or too large number {token}", token.Line);
    }
}
